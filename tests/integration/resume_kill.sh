# resume_kill - a head that is killed ten times, and goes on each time, comes to the same rows and
# the same models as one that is not; no worker outlives its head.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline

works "$LETI" run fake.lua --out unbroken
rows unbroken >unbroken.rows
[ "$(wc -l <unbroken.rows)" -gt 2500 ] || wrong "the run did next to nothing"

# A moment is some time after the start: mostly in the middle of work, once before there is any.
kills=0
for moment in 0.02 0.45 0.31 0.52 0.27 0.61 0.36 0.57 0.23 0.40; do
    status=0
    if [ -f killed/run.db ]; then
        timeout --foreground -s KILL "$moment" "$LETI" run --resume killed >out 2>&1 || status=$?
    else
        rm -rf killed
        timeout --foreground -s KILL "$moment" "$LETI" run fake.lua --out killed >out 2>&1 || status=$?
    fi
    case $status in
    137) kills=$((kills + 1)) ;;
    0) ;;
    *) grep -q "cut off before it began" out || wrong "status $status: $(cat out)"
       rm -rf killed ;;
    esac
done
[ $kills -ge 9 ] || wrong "only $kills of ten kills met a run that was going on"
works "$LETI" run --resume killed
rows killed >killed.rows
cmp unbroken.rows killed.rows || wrong "the runs differ: $(diff unbroken.rows killed.rows | head -5)"

left=$(pgrep -f "join .*$work/killed" || true)
[ -z "$left" ] || wrong "workers outlived their head: $left"
echo "$kills kills; $(wc -l <killed.rows) rows are the same"

# A run that keeps its last checkpoint alone goes on from it, and comes to the same model.
status=0
timeout --foreground -s KILL 0.6 "$LETI" run fake.lua --out few --set keep_checkpoints=1 \
    >out 2>&1 || status=$?
[ $status = 137 ] || wrong "the run was over before it was killed: status $status"
works "$LETI" run --resume few
[ "$(ls few/checkpoints)" = 0003 ] || wrong "kept: $(ls few/checkpoints)"
cmp few/checkpoints/0003/model.txt unbroken/checkpoints/0003/model.txt ||
    wrong "the model is another one where the checkpoints before it are gone"
fails 1 "no checkpoint 1; its last one is 3" "$LETI" test fake.lua --model few@1
