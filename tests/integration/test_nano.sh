# test_nano - leti test on a task with a language model: the good token is asked for where the model
# has it, and a token that it lacks is an error.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
command -v sqlite3 >/dev/null || wrong "sqlite3 is not installed"
cd "$work"
few="--samples 1 --max-length 128 --set generate.threads=1 --set generate.precision=f32"

# condition FOLDER: of its only test.
condition() {
    sqlite3 "$1/run.db" "SELECT value FROM manifest WHERE key LIKE 'setting of test %'" |
        sed -n 's/^condition = //p'
}

# shellcheck disable=SC2086
works "$LETI" test --task basics --model nano $few
contains stdout 'runs/test-basics-001   nano'
contains stdout '100 test problems x 1'
contains stderr 'nano: the tests ask under no condition: '
[ "$(condition runs/test-basics-001)" = none ] || wrong "nano has no good token"
sqlite3 runs/test-basics-001/run.db "SELECT value FROM manifest WHERE key = 'setting of test test'" >setting
contains setting 'max_length = 128'

# shellcheck disable=SC2086
fails 1 'nano: cannot be tested under the condition "good": ' \
    "$LETI" test --task basics --model nano --condition good $few
# shellcheck disable=SC2086
fails 1 "the model's tokenizer has no token \"<|bad|>\"" \
    "$LETI" test --task basics --model nano --condition bad $few
fails 1 'test: no task "baics"; there are basics' "$LETI" test --task baics --model nano
fails 1 'test: the task has no part "tset"; there are all, test, train' \
    "$LETI" test --task basics --part tset --model nano
fails 1 'test: tasks.custom: the file of problems must be named: --problems FILE' \
    "$LETI" test --task custom --model nano
echo '{"id": "one", "prompt": "def one():", "tests": "assert one() == 1"}' >own.jsonl
fails 1 'test: the task has no part "test"; there are all' \
    "$LETI" test --task custom --problems own.jsonl --part test --model nano
# shellcheck disable=SC2086
works "$LETI" test --task custom --problems own.jsonl --model nano $few --out own
contains stdout '1 all problems x 1'

# A trained model has both; the same problems and seeds for the model that it began with.
cat >tiny.lua <<'EOL'
local basics = require "tasks.basics"
local generate = stage "generator.lm"  { model = "nano", samples = 1, max_length = 128,
                                         threads = 1, precision = "f32" }
local train    = stage "trainer.fcft"  { epochs = 1, threads = 1, precision = "f32" }
return pipeline {
  problems = stage "source.jsonl" { file = require("basics").path, schema = "mbpp", ids = "1-4" },
  post = basics.post, preflight = false,
  flow = generate >> basics.evaluator {} >> stage "feedback.leti" {} >> train,
}
EOL
works "$LETI" run tiny.lua --out tiny
# shellcheck disable=SC2086
works "$LETI" test --task basics --model tiny --against tiny@0 $few --out both
[ "$(condition both)" = good ] || wrong "the trained model has the good token"
[ "$(condition both/against)" = none ] || wrong "the first model has none"
contains stdout 'not alike: test: condition = good against condition = none'
contains stdout 'both against both/against'
(cd / && "$LETI" test --resume "$work/both") >out || wrong "it does not go on from elsewhere"
contains out "$work/both against $work/both/against"
# shellcheck disable=SC2086
works "$LETI" test --task basics --model tiny@0 --against tiny $few --out turned
[ "$(condition turned)" = none ] || wrong "the first model has no token"
[ "$(condition turned/against)" = good ] || wrong "the first model's lack became the second's"
# shellcheck disable=SC2086
fails 1 'nano: cannot be tested under the condition "good": ' \
    "$LETI" test --task basics --model tiny --against nano --condition good $few --out unasked
[ ! -e unasked ] || wrong "it sampled before it looked at the second model"
# shellcheck disable=SC2086
works "$LETI" test --task basics --model tiny --condition bad $few --out bad
[ "$(condition bad)" = bad ] || wrong "bad was asked for"
