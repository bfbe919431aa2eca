# run_preflight - a run whose evaluator passes nothing, passes everything, or cannot work, and a
# run whose generator cannot work, do not start.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline

refuses() {
    text=$1
    shift
    fails 1 "$text" "$LETI" run fake.lua --out "run-$#" --quiet "$@"
    ! grep -q "go on with" "$work/stderr" || wrong "it says how to go on with nothing"
    [ ! -e "run-$#" ] || wrong "a run that came to nothing is left"
}

refuses "evaluate, problem p0, an empty program: should fail, and passed: its tests test nothing" \
    --set evaluate.passes_all=true
refuses "evaluate, problem p0, its reference: could not be judged: jail" \
    --set evaluate.infra_of=1
refuses "generate, problem p0, one sample: this problem is too hard" --set generate.fails=p0
refuses "train" --set train.notes=nowhere.txt

# Generator, formatter and trainer name their tokens each for itself.
refuses 'feedback, problem p0, a passed sample: feedback writes the token "<|fine|>", which is not '\
'among train.tokens (<|good|>, <|bad|>, <|lang_feedback|>, <|/lang_feedback|>)' \
    --set 'feedback.good=<|fine|>' --set 'generate.good=<|fine|>'
refuses 'a failed sample: feedback writes the token "<|lang_feedback|>", which is not' \
    --set 'train.tokens=<|good|>,<|bad|>'
refuses 'a passed sample: feedback starts such an example with "<|good|>", and generate.good is '\
'"<|fine|>"' --set 'generate.good=<|fine|>'
refuses 'a failed sample: feedback starts such an example with "<|bad|>", and generate.bad is' \
    --set 'generate.bad=<|poor|>'
"$LETI" run fake.lua --out same --quiet --set 'train.tokens=<|good|>,<|bad|>' \
    --set feedback.textual=false --set iterations=1 || wrong "tokens that nobody uses are missed"
"$LETI" run fake.lua --out none --quiet --set 'train.tokens=' --set feedback.textual=false \
    --set feedback.reward=none --set iterations=1 || wrong "tokens of supervised texts are missed"


# Tests under a token that no text has.
"$LETI" run fake.lua --out unmet --quiet --set feedback.reward=none --set iterations=1 2>stderr ||
    wrong "a token that is never met ended the run"
[ "$(grep -c 'feedback writes no reward token, yet test held-out asks for good: set '\
'test.condition=none' stderr)" = 1 ] || wrong "it did not say once that the token is never met"
for set in feedback.reward=token test.condition=none; do
    "$LETI" run fake.lua --out "$set" --quiet --set feedback.reward=none --set "$set" \
        --set iterations=1 2>stderr || wrong "$set ended the run"
    ! grep 'writes no reward token' stderr || wrong "$set: it warns"
done

mkdir own
fails 1 "this problem is too hard" "$LETI" run fake.lua --out own --set generate.fails=p0 --quiet
[ -d own ] && [ -z "$(ls -A own)" ] || wrong "the user's own folder must stay, and be empty"
mkdir nomodel
fails 1 "--set: generate: option \"model\": nomodel: not a model's folder (no config.json" \
    "$LETI" run fake.lua --out own --set generate.model=nomodel

sed -i 's/"reference": "[^"]*"/"reference": "wrong"/' problems.jsonl
refuses "evaluate, problem p0, its reference: should pass, and failed: exception: AssertionError" \
    --set iterations=1

# What goes wrong before a run begins leaves no folder behind.
fails 1 "nowhere.jsonl: No such file" "$LETI" run fake.lua --set problems.file=nowhere.jsonl
[ -z "$(ls runs 2>/dev/null)" ] || wrong "an empty run was left behind"
