# score_basics - programs that are already written are judged as they are given, in their order;
# the data set's own solutions pass; what is wrong with a file is said with its line.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
cd "$work"
mkdir tmp
export TMPDIR="$work/tmp"

works "$LETI" score --task basics --reference --json
tail -n 1 stdout >summary
contains summary '{"pass@1": 1, "interval": [1, 1], "solve_rate": 1, "n_problems": 597'
contains summary '"reasons": {"passed": 597}}'
[ "$(wc -l <stdout)" = 598 ] || wrong "a line a sample and one for the summary are wanted"

# Problem 1 right, wrong, and with a rest; three ways to fail problem 2.
cat >samples.jsonl <<'EOF'
{"task_id": 1, "completion": "def product_above(nums):\n    p = 1\n    for n in nums:\n        if n > 12:\n            p *= n\n    return p"}
{"task_id": "basics/1", "completion": "\ndef product_above(nums):\n    return None"}

{"task_id": "1", "completion": "\ndef product_above(nums):\n    p = 1\n    for n in nums:\n        if n > 12:\n            p *= n\n    return p\nprint(nums)"}
{"task_id": "2", "completion": "\nimport sys\nsys.exit(0)"}
{"task_id": "2", "completion": "\nwhile True: pass"}
{"task_id": "2", "completion": "\nx = "}
EOF
works "$LETI" score samples.jsonl --task basics --json --set timeout=1 --replicas 2
cut -d, -f1-4 stdout >short
cat >expected <<'EOF'
{"task_id": "1", "index": 0, "outcome": "passed", "reason": "passed"
{"task_id": "1", "index": 1, "outcome": "failed", "reason": "exception"
{"task_id": "1", "index": 2, "outcome": "failed", "reason": "exception"
{"task_id": "2", "index": 0, "outcome": "failed", "reason": "exited"
{"task_id": "2", "index": 1, "outcome": "failed", "reason": "timeout"
{"task_id": "2", "index": 2, "outcome": "failed", "reason": "exception"
EOF
head -n 6 short | diff expected - || wrong "other verdicts"
contains stdout '"pass@1": 0.1666666666666666'
contains stdout "NameError: name 'nums' is not defined"

# Some programs put a byte order mark at the start.
printf '\357\273\277' | cat - samples.jsonl >marked.jsonl
works "$LETI" score marked.jsonl --task basics --post --set timeout=1
contains stdout "2 of 6 samples of 2 problems passed"
contains stdout "pass@1 33.3 %"

# What is wrong.
echo '{"task_id": 1, "completion": "x"}' >wrong.jsonl
echo '{"task_id": 9999, "completion": "x"}' >>wrong.jsonl
fails 1 'wrong.jsonl:2: no problem "9999" in the task, whose ids are 1 to 597' \
    "$LETI" score wrong.jsonl --task basics
echo '{"task_id": 1}' >wrong.jsonl
fails 1 'wrong.jsonl:1: field "completion" must be a string' "$LETI" score wrong.jsonl --task basics
echo '{"task_id": 1' >wrong.jsonl
fails 1 'wrong.jsonl:1: not a JSON object' "$LETI" score wrong.jsonl --task basics
: >wrong.jsonl
fails 1 'wrong.jsonl: holds no sample' "$LETI" score wrong.jsonl --task basics
fails 1 'nowhere.jsonl' "$LETI" score nowhere.jsonl --task basics
fails 1 'score: no task "nothing"; there are basics, ' \
    "$LETI" score samples.jsonl --task nothing
fails 1 'score: no task "task"; there are' "$LETI" score samples.jsonl --task task
fails 1 'did you mean "timeout"' "$LETI" score samples.jsonl --task basics --set timout=3
status=0
"$LETI" score --task basics 2>out || status=$?
[ $status = 2 ] || wrong "status $status without samples"
status=0
"$LETI" score samples.jsonl --task basics --replicas 0 2>out || status=$?
[ $status = 2 ] || wrong "status $status with no replicas"
contains out '--replicas must be a number from 1 to 1024, not "0"'
[ -z "$(ls tmp)" ] || wrong "a scratch folder is left: $(ls tmp)"
