# tasks - questions answered by programs and in words, and a task made of one's own file: what the
# model is shown, and how its answers are judged. The data is made here.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
cd "$work"
mkdir -p data/bbh/cot-prompts tasks
unset LETI_DATA

# prompt TASK SAMPLES: the first problem's prompt, by way of an evaluator that tells it.
cat >tasks/shown.lua <<'EOF'
local task = require("tasks.task").named(env "SHOWN")
return {
  all = task.test,
  evaluator = function()
    return stage "evaluator.lua" { file = here .. "/show.lua" }
  end,
}
EOF
cat >show.lua <<'EOF'
return function(sample)
  return { passed = true, feedback = sample.problem.prompt }
end
EOF
prompt() {
    SHOWN=$1 works "$LETI" score "$2" --task shown --json
    python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["feedback"])' \
        <stdout >prompt
}

# ---- GSM8K ----

cat >data/gsm.jsonl <<'EOF'
{"input": "How many legs have 3 hens and 2 cats?", "target": 14}
{"input": "What are ten times 0.1?", "target": 1}
{"input": "What is below zero by 4?", "target": -4}
EOF
cat >programs.jsonl <<'EOF'
{"task_id": 1, "completion": "\ndef solution():\n    return 3 * 2 + 2 * 4\n\nQ: How many"}
{"task_id": 2, "completion": "def solution():\n    return 0.1 + 0.2 + 0.3 + 0.4 - 1e-9"}
{"task_id": 3, "completion": "\ndef solution():\n    return 4"}
EOF
prompt gsm8k programs.jsonl
[ "$(grep -c '^Q: ' prompt)" = 9 ] || wrong "not eight examples: $(cat prompt)"
[ "$(tail -n 2 prompt)" = "Q: How many legs have 3 hens and 2 cats?
A, as a program:" ] || wrong "the question is not the last: $(tail -n 3 prompt)"
works "$LETI" score programs.jsonl --task gsm8k --post --json
contains stdout '{"task_id": "1", "index": 0, "outcome": "passed"'
contains stdout '{"task_id": "2", "index": 0, "outcome": "failed"'
contains stdout '{"task_id": "3", "index": 0, "outcome": "failed"'
works "$LETI" score programs.jsonl --task gsm8k:within=0.001 --post --json
contains stdout '{"task_id": "2", "index": 0, "outcome": "passed"'
contains stdout '{"task_id": "3", "index": 0, "outcome": "failed"'
fails 1 'the task knows no reference solutions' "$LETI" score --task gsm8k --reference
fails 1 'task gsm8k:within=1: within: the distance must be above 0 and below 1, not 1' \
    "$LETI" score programs.jsonl --task gsm8k:within=1

# The examples' own programs give the answers that their questions have.
python3 - "$LETI_SOURCE_DIR/pipelines/tasks/gsm8k/shots.txt" <<'EOF'
import sys
answers = [366, 72, 6, 13, 210, 30, 141, 8]
for example, answer in zip(open(sys.argv[1]).read().split("Q: ")[1:], answers, strict=True):
    names = {}
    exec(example.split("A, as a program:\n")[1], names)
    assert names["solution"]() == answer, example
EOF

# ---- BIG-Bench Hard ----

cat >data/bbh/navigate.json <<'EOF'
{"canary": "examples", "examples": [{"input": "Left, left, left, left. Back?", "target": "Yes"},
    {"input": "Left. Back?", "target": "No"}]}
EOF
cat >data/bbh/cot-prompts/navigate.txt <<'EOF'
not for training
-----
Say whether one comes back.

Q: Right. Back?
A: Let's think step by step.
There is one turn, so that the answer is simple. So the answer is No.

Q: Around. Back?
A: Let's think step by step.
Turned, but in the place. So the answer is Yes.
EOF
cat >answers.jsonl <<'EOF'
{"task_id": "navigate/1", "completion": " Four turns.\nSo the answer is Yes.\n\nQ: More? So the answer is No."}
{"task_id": "navigate/1", "completion": " Four turns make The answer is: No "}
{"task_id": "navigate/1", "completion": " Yes."}
{"task_id": "navigate/1", "completion": "So the answer is yes, it does."}
{"task_id": "navigate/2", "completion": ""}
EOF
prompt bbh:cot=navigate answers.jsonl
[ "$(tail -n 2 prompt)" = "Q: Left, left, left, left. Back?
A: Let's think step by step." ] || wrong "the question is not the last: $(cat prompt)"
[ "$(head -n 1 prompt)" = "Say whether one comes back." ] || wrong "$(cat prompt)"
prompt bbh:direct=navigate answers.jsonl
[ "$(cat prompt)" = "Say whether one comes back.

Q: Right. Back?
A: No

Q: Around. Back?
A: Yes

Q: Left, left, left, left. Back?
A:" ] || wrong "not the answers alone: $(cat prompt)"

# outcome LINE OUTCOME REASON FEEDBACK
outcome() {
    sed -n "$1p" stdout >line
    contains line "\"outcome\": \"$2\", \"reason\": \"$3\""
    contains line "$4"
}
works "$LETI" score answers.jsonl --task bbh:cot=navigate --post --json
outcome 1 passed passed ''
outcome 2 failed 'wrong answer' 'the answer is wrong: No'
outcome 3 failed 'no answer' 'no line says \"the answer is\", and then the answer'
outcome 4 failed form 'the answer must be Yes or No, not: yes, it does'
outcome 5 failed 'no answer' ''
works "$LETI" score answers.jsonl --task bbh:direct=navigate --post --json
outcome 3 passed passed ''
outcome 5 failed 'no answer' 'there is no answer'
works "$LETI" score --task bbh:direct=navigate --reference
contains stdout '2 of 2 samples of 2 problems passed'
works "$LETI" score --task bbh --problems data/bbh/navigate.json --reference
contains stdout '2 of 2 samples of 2 problems passed'
fails 1 'task bbh:cot=navigat: bbh.cot: there is no navigat; of the 27 names, the nearest are navigate,' \
    "$LETI" score --task bbh:cot=navigat --reference
fails 1 'no data file "bbh/cot-prompts/boolean_expressions.txt" in' \
    "$LETI" score --task bbh --reference

# ---- names ----

fails 1 'no task "gsm"; there are basics, bbh, custom, eae, gsm8k, humaneval, mbpp' \
    "$LETI" score --task gsm:within=1 --reference
fails 1 'task mbpp:sanitised: there is no sanitised' "$LETI" score --task mbpp:sanitised --reference
fails 1 'task mbpp:sanitized=1: sanitized takes no value' \
    "$LETI" score --task mbpp:sanitized=1 --reference
fails 1 'task mbpp:shots=11: shots: k must be a whole number from 1 to 10, not 11' \
    "$LETI" score --task mbpp:shots=11 --reference
fails 1 'task mbpp:shots: shots: k must be a whole number from 1 to 10, not nil' \
    "$LETI" score --task mbpp:shots --reference

# ---- a file of one's own: the README's example ----

# block NAME: the last block in that language.
block() {
    awk -v start="\`\`\`$1" '$0 == start { text = ""; inside = 1; next }
        $0 == "```" { inside = 0 } inside { text = text $0 "\n" } END { printf "%s", text }' \
        "$LETI_SOURCE_DIR/pipelines/tasks/README.md"
}
block jsonl >mine.jsonl
block lua >mine.lua
works "$LETI" check mine.lua
contains stdout '2 problems'
works "$LETI" score --task custom --problems mine.jsonl --reference
contains stdout '2 of 2 samples of 2 problems passed'
cat >halves.jsonl <<'EOF'
{"task_id": "half", "completion": "def half(x):\n    return x // 2"}
{"task_id": "area", "completion": "def area(r):\n    return 3 * r * r"}
EOF
works "$LETI" score halves.jsonl --task custom --problems mine.jsonl --json
contains stdout '{"task_id": "half", "index": 0, "outcome": "passed"'
contains stdout '{"task_id": "area", "index": 0, "outcome": "failed"'

# refuses TEXT SETTINGS: the pipeline that makes the task so is refused.
refuses() {
    cat >wrong.lua <<EOF
local mine = require "tasks.custom" { $2 }
return pipeline { problems = mine.test, flow = mine.evaluator() }
EOF
    fails 1 "leti check: wrong.lua:$1" "$LETI" check wrong.lua
}
refuses '2: problems (source.jsonl): mine.jsonl: 2 problems are wanted, and ids "3-4" chooses 1' \
    'file = "mine.jsonl", train = 2, test = 2'
refuses '1: tasks.custom: train, validation and test must be all ids or all counts' \
    'file = "mine.jsonl", train = "1-2", test = 1'
refuses '1: tasks.custom: test must be ids, as in "1-80", or a count, not 0.5' \
    'file = "mine.jsonl", test = 0.5'
refuses '1: tasks.custom: there is no setting "tests"' 'file = "mine.jsonl", tests = 1'
refuses '1: tasks.custom: file must be set' 'test = 1'
refuses '1: tasks.custom: post must be a table, not x' 'file = "mine.jsonl", post = "x"'
refuses '2: no data file "none.jsonl" in' 'file = "none.jsonl", test = 1'
echo '{"id": "a", "prompt": "p", "tets": "assert f()"}' >>mine.jsonl
fails 1 'mine.jsonl:4: field "tets" is not one of id, prompt, tests,' \
    "$LETI" score --task custom --problems mine.jsonl --reference
fails 1 'tasks.custom: the file of problems must be named: --problems FILE' \
    "$LETI" score --task custom --reference
