# run_references - supervised training on the data set's own solutions, and the loss of held-out
# ones, which the trainer tells before the first step and after each training.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline
quick="--set generate.work_us=0 --set evaluate.work_us=0 --set train.work_us=0"
head -n 10 problems.jsonl >held-out.jsonl
sed -i -e '1i local unseen = stage "source.jsonl" { name = "unseen", file = "held-out.jsonl" }' \
    -e 's/^  test = /  validation = { problems = unseen }, samples_from = "references",\n&/' fake.lua
sed -i '/"p7"/s/"reference": "[^"]*"/"reference": ""/' problems.jsonl

works "$LETI" check fake.lua
contains stdout "the references of 20 problems"
contains stdout "validation: unseen, the references of 10 problems"

# shellcheck disable=SC2086
works "$LETI" run fake.lua --out run $quick
contains stdout "run   model   references of 19 problems   3 iterations   seed 7"
contains stdout "iteration 1      references 19   passed 100 %   ("
for line in "19 steps, 19 k tokens so far   validation loss 0\.[0-9]* -> 0\.[0-9]* (perplexity [0-9.]*), without" \
    "38 steps, 38 k tokens so far   validation loss 0\.[0-9]* (perplexity [0-9.]*), without"; do
    grep -q "$line" stdout || wrong "no validation: $(cat stdout)"
done

# is SQL VALUE
is() {
    got=$(sqlite3 run/run.db "$1")
    [ "$got" = "$2" ] || wrong "$got instead of $2: $1"
}
is "SELECT count(*) FROM sample WHERE phase = 0" 57
is "SELECT count(*) FROM sample AS s JOIN problem AS p USING (phase, problem) WHERE s.phase = 0 AND
    s.raw = p.reference AND program_size = length(raw) AND sample = 0 AND p.id <> 'p7'" 57
is "SELECT count(*) FROM example" 57
# Told twice in the first iteration; the token itself does not count, with it or without.
is "SELECT group_concat(n) FROM (SELECT count(*) AS n FROM metric WHERE name =
    'validation_good_loss' GROUP BY iteration)" 2,1,1
is "SELECT count(*) FROM metric AS a JOIN metric AS b USING (iteration, stage, step) WHERE a.name =
    'validation_good_loss' AND b.name = 'validation_none_loss' AND a.value = b.value" 4

# shellcheck disable=SC2086
works "$LETI" run fake.lua --json --out json $quick
contains stdout '"validation_good_loss_before": 0.9'
contains stdout '"validation_none_perplexity": 1.'

# The problems to validate with are pinned.
status=0
# shellcheck disable=SC2086
"$LETI" run fake.lua --out pinned $quick --set train.fails=enough >out 2>&1 || status=$?
[ $status = 1 ] || wrong "status $status: $(cat out)"
contains out "train, iteration 1: enough; go on with: leti run --resume pinned"
sed -i 's/question 2/question 22/' held-out.jsonl
fails 1 "the data of validation has changed since the run began" "$LETI" run --resume pinned

# The model's own programs again.
# shellcheck disable=SC2086
works "$LETI" run fake.lua --out own --json $quick --set samples_from=model
contains stdout '{"iteration": 1, "sampled": 160, '

sed -i 's/"reference": "[^"]*"/"reference": ""/' problems.jsonl held-out.jsonl
fails 1 'fake.lua: validation: none of its 10 problems has a reference' "$LETI" run fake.lua
sed -i 's/validation = [^}]*},//' fake.lua
fails 1 'fake.lua: samples_from is "references", and none of the 20 problems has a reference' \
    "$LETI" run fake.lua
[ ! -e runs ] || [ -z "$(ls runs)" ] || wrong "a run that did not begin is left"
