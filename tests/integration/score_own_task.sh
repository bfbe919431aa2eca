# score_own_task - a task of one's own is a Lua file beside the samples; what its data set adds to a
# problem (set-up code, a prompt that is no code) reaches the evaluator.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
cd "$work"
mkdir tasks
cat >tasks/mine.lua <<'EOF'
return require("tasks.task").define {
  find = function()
    return here .. "/mine.jsonl"
  end,
  schema = "generic",
  parts = { all = "" },
  post = { "\nprint" },
}
EOF
cat >mine.jsonl <<'EOF'
{"id": "circle", "prompt": "The circle's area.", "run_prompt": "", "tests": "assert area(1) == PI", "reference": "\ndef area(r):\n    return PI * r * r", "extra": {"setup": "PI = 3\n", "level": "easy"}}
{"id": "square", "prompt": "The square's area.", "run_prompt": "", "tests": "assert area(2) == 4", "reference": "\ndef area(a):\n    return a * a"}
EOF
works "$LETI" score --task mine --reference
contains stdout '2 of 2 samples of 2 problems passed'
cat >samples.jsonl <<'EOF'
{"task_id": "circle", "completion": "def area(r):\n    return PI * r * r\nprint(nothing)"}
{"task_id": "square", "completion": "def area(r):\n    return PI * r * r"}
EOF
works "$LETI" score samples.jsonl --task mine --post --json
contains stdout '{"task_id": "circle", "index": 0, "outcome": "passed"'
contains stdout "NameError: name 'PI' is not defined"

# A name is told in one line, and a terminal is told nothing by it.
cat >names.jsonl <<'EOF'
{"id": "a\n\u001b[31mRED", "prompt": "Nothing.", "tests": "assert False", "reference": "\npass"}
EOF
works "$LETI" score --task custom --problems names.jsonl --reference
contains stdout '  a\x0a\x1b[31mRED SyntaxError'
cat names.jsonl names.jsonl >twice.jsonl
fails 1 'problem "a\x0a\x1b[31mRED"' "$LETI" score --task custom --problems twice.jsonl --reference

# An empty file is named, a pipe that is open is read, one with a name is not waited for.
: >empty.jsonl
fails 1 ' empty.jsonl: holds no problem' "$LETI" score --task custom --problems empty.jsonl --reference
head -n 1 names.jsonl | works "$LETI" score --task custom --problems /dev/stdin --reference
mkfifo fifo
fails 1 ' fifo: is a named pipe, not a file' \
    timeout 20 "$LETI" score --task custom --problems fifo --reference
