#!/bin/sh
# prepare.sh - sets up what compare.py measures LETI against, in a folder of its own.
#
#     tests/bench/lm/prepare.sh FOLDER LETI
#
# LETI is the program, such as build/release/bin/leti. From PyPI come llama-cpp-python, built here
# from source for this processor, and torch with transformers; the model is SmolLM2-135M as
# contrib/get-model.sh gets it. llama.cpp gets it in each of its types, transformers as the
# Hugging Face folder that `leti model convert` writes. What is there is not made again.
# SPDX-License-Identifier: Apache-2.0
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || {
    echo "usage: prepare.sh FOLDER LETI" >&2
    exit 1
}
leti=$(realpath "$2")
mkdir -p "$1"
cd "$1"

"$here/../../../contrib/get-model.sh" smollm2-135m model

[ -e llama/ready ] || {
    python3 -m venv llama
    CMAKE_ARGS="-DGGML_NATIVE=ON -DGGML_OPENMP=ON" \
        llama/bin/pip install --quiet --no-binary llama-cpp-python llama-cpp-python
    touch llama/ready
}
[ -e torch/ready ] || {
    python3 -m venv torch
    torch/bin/pip install --quiet torch transformers
    touch torch/ready
}

site=$(llama/bin/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
cc -O3 -march=native -ffast-math -fopenmp "$here/llama_decode.c" -I "$site/include" \
    -L "$site/llama_cpp/lib" -Wl,-rpath,"$site/llama_cpp/lib" -o llama_decode \
    -lllama -lggml -lggml-base -lm
[ -e gguf ] || llama/bin/python "$here/quantize.py" model/model.gguf gguf
[ -e hf ] || "$leti" model convert model/model.gguf hf
