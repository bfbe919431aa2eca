# run_workers_killed - workers that are killed while they work change nothing of what a run comes
# to: their units go to others, and what arrives twice counts once.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline

works "$LETI" run fake.lua --out unbroken
rows unbroken >unbroken.rows

# samples RUN: how many there are so far.
samples() {
    sqlite3 "file:$1/run.db?mode=ro" "SELECT count(*) FROM sample" 2>/dev/null || echo 0
}

"$LETI" run fake.lua --out killed >out 2>&1 &
head=$!
kills=0
for wanted in 20 130 240 400 560; do
    while [ "$(samples killed)" -lt $wanted ] && kill -0 $head 2>/dev/null; do :; done
    for worker in $(pgrep -P $head || true); do
        if kill -KILL "$worker" 2>/dev/null; then # one that ended by itself is gone already
            kills=$((kills + 1))
        fi
    done
done
wait $head || wrong "the run ended with status $?: $(cat out)"
[ $kills -ge 10 ] || wrong "only $kills workers were killed"
rows killed >killed.rows
cmp unbroken.rows killed.rows || wrong "the runs differ: $(diff unbroken.rows killed.rows | head -5)"
echo "$kills workers killed; $(wc -l <killed.rows) rows are the same"
