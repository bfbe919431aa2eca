# run_from - a run trains on another run's samples: with its examples, it comes to the very same
# models; with another formatter, to others. What does not fit is refused with what differs.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline
sed -i 's/work_us = [0-9]*/work_us = 0/' fake.lua
works "$LETI" run fake.lua --out lender

# table RUN TABLE ORDER: its rows of training.
samples() {
    sqlite3 "$1/run.db" "SELECT iteration, problem, sample, hex(raw), program_size, tokens, finish,
        hex(logprobs) FROM sample WHERE phase = 0 ORDER BY 1, 2, 3;
        SELECT iteration, problem, sample, evaluator, outcome, exception, hex(feedback), reused
        FROM verdict WHERE phase = 0 ORDER BY 1, 2, 3, 4"
}
examples() {
    sqlite3 "$1/run.db" "SELECT iteration, problem, sample, hex(spans) FROM example ORDER BY 1, 2, 3"
}
manifest() {
    sqlite3 "$1/run.db" "SELECT value FROM manifest WHERE key = '$2'"
}
samples lender >lender.samples
examples lender >lender.examples

# The same samples, verdicts and examples give the same models, whichever stage it starts at.
for start in train feedback; do
    works "$LETI" run fake.lua --out $start --from lender --start $start
    contains stdout "20 problems x 8 samples of $work/lender   3 iterations"
    contains stdout 'iteration 1      taken 160   passed '
    samples $start | cmp - lender.samples || wrong "other samples"
    examples $start | cmp - lender.examples || wrong "other examples"
    cat lender/checkpoints/*/model.txt >models
    cat $start/checkpoints/*/model.txt | cmp - models || wrong "other models"
    [ "$(manifest $start 'samples from')" = "$work/lender" ] || wrong "it is not said from where"
    [ "$(manifest $start 'samples from start')" = $start ] || wrong "it is not said where it starts"
done

# Nothing is left beside the lender's file.
! ls lender/run.db-* >out 2>&1 || wrong "left in the lender's folder: $(cat out)"

# Another formatter makes other examples of the same samples; an own prompt needs the lender no more.
mv lender moved
works "$LETI" run fake.lua --out binary --from moved --start feedback --set feedback.textual=false \
    --set iterations=2
samples binary >binary.samples
grep -v '^3|' lender.samples | cmp - binary.samples || wrong "other samples than the first two iterations'"
examples binary >binary.examples
[ "$(wc -l <binary.examples)" = 320 ] || wrong "an example a sample was expected"
! grep -q "$(printf '<|lang_feedback|>' | od -An -tx1 | tr -d ' \n' | tr a-f A-F)" binary.examples ||
    wrong "there is textual feedback"
! cmp -s binary/checkpoints/0001/model.txt moved/checkpoints/0001/model.txt || wrong "the same model"

# Fewer samples: the first ones.
works "$LETI" run fake.lua --out fewer --from moved --start train --set generate.samples=3
[ "$(sqlite3 fewer/run.db 'SELECT count(*), max(sample) FROM sample WHERE phase = 0')" = "180|2" ] ||
    wrong "other samples than the first three"

# Killed, it goes on without the lender.
"$LETI" run fake.lua --out killed --from moved --start feedback --set train.work_us=3000 >out 2>&1 &
head=$!
until [ -d killed/checkpoints/0001 ]; do
    kill -0 $head 2>/dev/null || wrong "it ended too soon: $(cat out)"
done
kill -KILL $head
wait $head || true
mv moved hidden
works "$LETI" run --resume killed
mv hidden moved
samples killed | cmp - lender.samples || wrong "other samples after it went on"
cat moved/checkpoints/*/model.txt >models
cat killed/checkpoints/*/model.txt | cmp - models || wrong "other models after it went on"
fails 1 "killed: the sample is from another run, $work/moved" \
    "$LETI" replay killed p3 1:0 --stage generate
works "$LETI" replay killed p3 1:0

# refuses TEXT ARGUMENT...: and nothing is left of it.
refuses() {
    said=$1
    shift
    fails 1 "leti run: $said" "$LETI" run "$@" --out refused
    [ ! -e refused ] || wrong "a refused run left its folder"
}
refuses 'moved: has no samples of iteration 4, and this pipeline has 5 iterations; --set iterations=3' \
    fake.lua --from moved --start train --set iterations=5
refuses 'moved: has 8 samples of each problem, and this pipeline wants 9; --set generate.samples=8' \
    fake.lua --from moved --start train --set generate.samples=9
refuses 'moved: the setting of evaluate differs: there it is passes_all = "false", and here passes_all = "true"' \
    fake.lua --from moved --start feedback --set evaluate.passes_all=true
refuses 'moved: the setting of feedback differs: there it is textual = "true", and here textual = "false"; --start feedback makes examples anew' \
    fake.lua --from moved --start train --set feedback.textual=false
refuses 'moved: the setting of the pipeline differs: there it is post = "\nprint", and here post = "x"' \
    fake.lua --from moved --start feedback --set post=x
cut=$(printf '%0150d' 0)
works "$LETI" run fake.lua --out cut --set iterations=1 --set "post=${cut}a"
refuses 'cut: the setting of the pipeline differs: there it is ...00000000000000000000a", and here ...00000000000000000000b"' \
    fake.lua --from cut --start feedback --set iterations=1 --set "post=${cut}b"
refuses 'nowhere: not a run (no run.db in it)' fake.lua --from nowhere --start train
sed 's/question 3"/question 33"/' problems.jsonl >changed.jsonl
sed 's/"problems.jsonl" }/"changed.jsonl" }/' fake.lua >changed.lua
refuses 'moved: trained on other problems: "p3" differs in its prompt' \
    changed.lua --from moved --start train
head -n 19 problems.jsonl >changed.jsonl
refuses 'moved: trained on 20 problems, this pipeline has 19' changed.lua --from moved --start train
sed 's/p3/p30/' problems.jsonl >changed.jsonl
refuses 'moved: trained on other problems: it has "p3" where this pipeline has "p30"' \
    changed.lua --from moved --start train
sed 's/ >> train//' fake.lua >untrained.lua
refuses "$work/untrained.lua: --from needs a pipeline that generates, evaluates, formats and trains" \
    "$work/untrained.lua" --from moved --start train
works "$LETI" test fake.lua --model model --out tested
refuses 'tested: this run has no training samples' fake.lua --from tested --start train

# usage ARGUMENT...: is wrong usage.
usage() {
    status=0
    "$LETI" run "$@" >out 2>&1 || status=$?
    [ $status = 2 ] || wrong "status $status instead of 2: $*"
}
usage fake.lua --from moved
usage fake.lua --start train
usage fake.lua --from moved --start evaluate
usage --resume killed --from moved --start train
