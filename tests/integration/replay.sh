# replay - one recorded sample goes through a stage again, alone, and the run stays as it is.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
mkdir tmp
export TMPDIR="$work/tmp"
fake_pipeline
works "$LETI" run fake.lua --out run --set generate.work_us=0 --set evaluate.work_us=0 \
    --set train.work_us=0 --set test.condition=good,none --set test.post=both
rows run >before.rows

# json EXPRESSION: true of the object in stdout.
json() {
    python3 -c '
import json, sys
x = json.load(open("stdout"))
assert eval(sys.argv[1]), x' "$1" || wrong "not so: $1"
}

# Every sample of a problem: the verdict, the example and the sample itself are what they were. The
# samples of test held-out.uncut are those of held-out.
for sample in 1:1 3:7; do
    works "$LETI" replay run p3 $sample --json
    json 'x["agrees"] and x["evaluators"][0]["same_feedback"]'
    works "$LETI" replay run p3 $sample --stage feedback --json
    json 'x["identical"] and x["spans"][0]["text"] in ("<|good|>", "<|bad|>")'
    works "$LETI" replay run p3 $sample --stage generate --json
    json 'x["identical"] and x["now"] == x["recorded"]'
done
for test in held-out held-out.none.uncut; do
    works "$LETI" replay run p3 3:15 --test $test --stage generate --json
    json 'x["identical"] and x["now"] == x["recorded"]'
done
works "$LETI" replay run p3 4 --iteration 2 --json
json 'x["iteration"] == 2 and x["sample"] == 4 and x["test"] is None'
works "$LETI" replay run p3 4 --json
json 'x["iteration"] == 3'
works "$LETI" replay run p3 0:4 --test held-out --stage feedback --json
json 'x["identical"] is None and x["test"] == "held-out"'

# Other options, for this once.
failed=$(sqlite3 run/run.db "SELECT iteration || ':' || sample FROM verdict WHERE phase = 0 AND
    problem = 3 AND outcome = 1 AND reused = 0 LIMIT 1")
works "$LETI" replay run p3 "$failed"
contains stdout 'then: failed, AssertionError   now: failed, AssertionError'
contains stdout 'they agree'
works "$LETI" replay run p3 "$failed" --set evaluate.passes_all=true
contains stdout 'then: failed, AssertionError   now: passed'
contains stdout 'THEY DIFFER'
works "$LETI" replay run p3 "$failed" --set evaluate.passes_all=true --json
json 'x["agrees"] is False and x["evaluators"][0]["recorded"]["exception"] == "AssertionError"'
works "$LETI" replay run p3 "$failed" --stage feedback
contains stdout '<|bad|><|lang_feedback|>'
works "$LETI" replay run p3 "$failed" --stage feedback --set feedback.textual=false
contains stdout 'DIFFERS from what is recorded'
contains stdout '<|bad|>question 3'
works "$LETI" replay run p3 3:0 --stage generate --set generate.temperature=0.5
rows run >after.rows
cmp before.rows after.rows || wrong "the run is not what it was"

# What is not there.
fails 1 'run: problem "p3" has no sample 99' "$LETI" replay run p3 99
fails 1 'run: problem "p3" has no sample 0 in iteration 9' "$LETI" replay run p3 9:0
fails 1 'run: problem "p99" has no sample 0' "$LETI" replay run p99 0
fails 1 'run: problem "p3" has no sample 0 in test other' "$LETI" replay run p3 0 --test other
fails 1 'not a run (no run.db in it)' "$LETI" replay nowhere p3 0
fails 1 'no option "timeout"' "$LETI" replay run p3 0 --set evaluate.timeout=3
echo 2 >model/config.json
fails 1 "run: the model $work/model that it began with has changed since" \
    "$LETI" replay run p3 1:0 --stage generate
rm -r run/checkpoints/0001
fails 1 'run: this run has no checkpoint 1; its last one is 3' \
    "$LETI" replay run p3 2:0 --stage generate
works "$LETI" replay run p3 2:0
sed 's/ >> feedback >> train//' fake.lua >plain.lua
echo '{}' >model/config.json
works "$LETI" run plain.lua --out plain --set iterations=1
fails 1 "plain: this run's flow has no formatter" "$LETI" replay plain p3 0 --stage feedback
works "$LETI" replay plain p3 1:0 --stage generate --json
json 'x["identical"]'

# usage ARGUMENT...: is wrong usage.
usage() {
    status=0
    "$LETI" replay "$@" >out 2>&1 || status=$?
    [ $status = 2 ] || wrong "status $status instead of 2: $*"
}
usage run p3
usage run p3 x
contains out 'a sample must be a number, or ITERATION:SAMPLE, not "x"'
usage run p3 0 --stage train
[ -z "$(ls tmp)" ] || wrong "a scratch folder is left: $(ls tmp)"
