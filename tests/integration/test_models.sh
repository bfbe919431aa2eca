# test_models - leti test samples and scores a model on a pipeline's tests or a task's problems, and
# compares it with a second one on the same problems with the same seeds.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline
quick="--set generate.work_us=0 --set evaluate.work_us=0"

# manifest FOLDER KEY
manifest() {
    sqlite3 "$1/run.db" "SELECT value FROM manifest WHERE key = '$2'"
}

# json EXPRESSION: true of the last object in stdout.
json() {
    tail -n 1 stdout | python3 -c '
import json, sys
x = json.load(sys.stdin)
assert eval(sys.argv[1]), x' "$1" || wrong "not so: $1"
}

# Only the tests: nothing is trained on, and the trainer, whose notes are missing, does not matter.
sed 's/work_us = 200 }/notes = "missing.txt", model = "missing" }/' fake.lua >broken.lua
# shellcheck disable=SC2086
works "$LETI" test broken.lua --model model --samples 3 --temperature 0.5 $quick
contains stdout 'runs/test-fake-001'
contains stdout '10 held-out problems x 3'
[ "$(sqlite3 runs/test-fake-001/run.db 'SELECT count(*), max(phase) FROM sample')" = "30|1" ] ||
    wrong "other samples than the test's"
manifest runs/test-fake-001 'setting of test held-out' >setting
contains setting 'temperature = 0.5'
contains setting 'condition = good'
works "$LETI" show runs/test-fake-001
contains stdout 'held-out       0       30 samples'

# A run's checkpoints as models. The same seeds: a model against itself does not differ.
# shellcheck disable=SC2086
works "$LETI" run fake.lua $quick --set train.work_us=0 --out run
mkdir other
echo 99 >other/model.txt
echo '{}' >other/config.json
# shellcheck disable=SC2086
works "$LETI" test fake.lua $quick --model run --against run@3 --out same --json
json 'x["run"] == "same" and x["iterations"] == 0 and x["test"]["after"] is None'
json 'x["test"]["before"]["n_samples"] == 16 and x["test"] == x["tests"]["held-out"]'
json 'x["against"]["tests"]["held-out"]["difference"] == 0'
json 'x["against"]["tests"]["held-out"]["p_value"] == 1'
[ "$(manifest same 'tested model')" = "$work/run/checkpoints/0003" ] || wrong "another model"
# shellcheck disable=SC2086
works "$LETI" test fake.lua $quick --model run@1 --against other --out both --json
json 'x["against"]["tests"]["held-out"]["n_problems"] == 10'
json 'x["against"]["run"] == "both/against" and x["against"]["not_alike"] == []'
json '0 < x["against"]["tests"]["held-out"]["p_value"] < 1'
json 'x["against"]["tests"]["held-out"]["interval"][0] < x["against"]["tests"]["held-out"]["difference"]'
cp stdout first.json

# It goes on, also where the second model had not begun; a finished one says the same again.
rm -r both/against
works "$LETI" test --resume both --json
tail -n 1 stdout >second.json
tail -n 1 first.json | sed 's/"seconds": [0-9.]*//' >first
sed 's/"seconds": [0-9.]*//' second.json >second
cmp first second || wrong "it comes to something else when it goes on"

# An earlier test, in the place of the second model; other settings than its are said.
# shellcheck disable=SC2086
works "$LETI" test fake.lua $quick --model run@1 --against both --samples 4 --out third
contains stdout 'not alike: held-out: samples = 4 against samples = 16'
works "$LETI" test --resume both --against third
contains stdout "both against $work/third"

# A run's own tests: nothing is sampled.
works "$LETI" test --results run --against run@0
contains stdout 'run@3 against run@0'
contains stdout 'held-out         pass@1 '
fails 1 'run: the test "held-out" was not done after iteration 7' \
    "$LETI" test --results run --against run@7

# Of two tests that are done as often as they say, those that are there are compared.
sed -e 's/test = {/test = { {/' -e 's/samples = 16 },/samples = 16, every = 0 },@/' fake.lua |
    sed 's/@/ { name = "often", problems = held_out, samples = 2, every = 1 } },/' >often.lua
# shellcheck disable=SC2086
works "$LETI" run often.lua $quick --set train.work_us=0 --out often
works "$LETI" test --results often --against often@1
contains stdout 'often            pass@1 '
contains stdout 'left out: often: the test "held-out" was not done after iteration 1'
works "$LETI" test --results often --against run
contains stdout 'held-out         pass@1 '
contains stdout 'left out: run: this run has no test "often"'

# The pipeline's list of conditions is what is tested; a single one is asked for over it.
sed 's/samples = 16 }/samples = 2, condition = { "good", "none" } }/' fake.lua >listed.lua
# shellcheck disable=SC2086
works "$LETI" test listed.lua --model model $quick --out listed
[ "$(sqlite3 listed/run.db "SELECT group_concat(name) FROM phase WHERE phase > 0")" = \
    held-out,held-out.none ] || wrong "other conditions than the pipeline's"
# shellcheck disable=SC2086
works "$LETI" test listed.lua --model model $quick --condition bad --out single
[ "$(sqlite3 single/run.db "SELECT group_concat(name) FROM phase WHERE phase > 0")" = held-out ] ||
    wrong "more than the one condition that was asked for"

# A checkpoint is named by its run.
# shellcheck disable=SC2086
works "$LETI" test fake.lua --model run@2 $quick --out named
contains stdout 'named   run@2   '

# What is wrong.
fails 1 'no model "nowhere": not a model' "$LETI" test fake.lua --model nowhere
fails 1 'no model "runs": not a model' "$LETI" test fake.lua --model runs
fails 1 '--against: no model "nowhere": not a model' \
    "$LETI" test fake.lua --model model --against nowhere
fails 1 'run: this run has no checkpoint 7; its last one is 3' "$LETI" test fake.lua --model run@7
fails 1 'same: this run has no checkpoint' "$LETI" test fake.lua --model same
fails 1 'option "samples" must be from 1 to' "$LETI" test fake.lua --model model --samples 0
fails 1 'option "condition" must be' "$LETI" test fake.lua --model model --condition better
fails 1 'run: is not a test'"'"'s folder; a run goes on with leti run --resume run' \
    "$LETI" test --resume run
fails 1 'not a run (no run.db in it)' "$LETI" test --resume runs
fails 1 'same: is not empty' "$LETI" test fake.lua --model model --out same
head -n 19 problems.jsonl | sed 's/question 3/question 33/' >changed.jsonl
sed 's/"problems.jsonl"/"changed.jsonl"/' fake.lua >changed.lua
fails 1 "$work/same: its test \"held-out\" has other problems" \
    "$LETI" test changed.lua --model model --against same --out changed
[ ! -e changed ] || wrong "it sampled before it looked"
sed 's/"held-out"/"other"/' fake.lua >renamed.lua
fails 1 "$work/same: this run has no test \"other\"" \
    "$LETI" test renamed.lua --model model --against same
works "$LETI" test changed.lua --model model --out changed
fails 1 'the test "held-out" has other problems in changed than in same' \
    "$LETI" test --results changed --against same
sed -e '/held_out,/d' -e '/train = stage/d' -e 's/ >> train//' fake.lua >untested.lua
fails 1 'pipeline: tests_only needs a test' "$LETI" test untested.lua --model model

# usage ARGUMENT...: is wrong usage.
usage() {
    status=0
    "$LETI" test "$@" >out 2>&1 || status=$?
    [ $status = 2 ] || wrong "status $status instead of 2: $*"
}
usage fake.lua
usage --model model
usage fake.lua --task basics --model model
usage fake.lua --part train --model model
usage --resume same --samples 4
usage --results run
