# run_infra - infrastructure errors are tried again, never trained on, counted, and stop a run when
# there are too many; what a generator cannot give is lost, with the run going on.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline
quick="--set iterations=1 --set generate.work_us=0 --set evaluate.work_us=0 --set train.work_us=0"

# count RUN CONDITION TABLE: rows of the table.
count() {
    sqlite3 "$1/run.db" "SELECT count(*) FROM $3 WHERE $2"
}

# An error now and then: another attempt gives the same verdicts as a run without.
# shellcheck disable=SC2086
works "$LETI" run fake.lua --out sound $quick
# shellcheck disable=SC2086
works "$LETI" run fake.lua --out flaky $quick --set evaluate.infra_of=3
rows sound >sound.rows
rows flaky >flaky.rows
cmp sound.rows flaky.rows || wrong "retries changed: $(diff sound.rows flaky.rows | head -5)"
[ "$(count flaky true retry)" -gt 5 ] || wrong "nothing was tried again"
[ "$(count flaky "attempt > 1" verdict)" -gt 5 ] || wrong "no verdict came of a later attempt"

# Too many: the run stops, says why, and goes on when the cause is gone.
# shellcheck disable=SC2086
fails 1 "infra_limit 0.05 allows; 9 x jail; go on with: leti run --resume broken" "$LETI" run \
    fake.lua --out broken --quiet $quick --set preflight=false --set evaluate.infra_of=1
[ "$(count broken "outcome = 2" verdict)" = 9 ] || wrong "infrastructure errors were not kept"
[ "$(count broken true example)" = 0 ] || wrong "an infrastructure error became an example"

# A problem that the generator fails on: its samples are lost, and counted.
# shellcheck disable=SC2086
works "$LETI" run fake.lua --out lost $quick --set generate.fails=p12 --json
[ "$(count lost "phase = 0" lost)" = 8 ] || wrong "8 samples should be lost"
[ "$(count lost "phase = 0" sample)" = 152 ] || wrong "152 samples should be there"
contains stdout '"infra": 8'
works "$LETI" run fake.lua --out lost-test $quick --set problems2.ids=1-20 --set generate.fails=p12
contains stdout '% of 19 problems   16 not judged'
[ "$(count lost "why = 'this problem is too hard'" lost)" = 8 ] || wrong "the loss is not explained"
