# run_conditions - one described test under several conditions, its programs cut and uncut: what is
# sampled is sampled once, before the training there is one condition, and resuming changes nothing.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline
sed -i 's/samples = 16 }/samples = 16, condition = { "good", "none", "bad" }, post = "both" }/' fake.lua
quick="--set generate.work_us=0 --set evaluate.work_us=0 --set train.work_us=0 \
    --set evaluate.refuses=print"

# is SQL NUMBER: what the run's rows come to.
is() {
    got=$(sqlite3 run/run.db "$1")
    [ "$got" = "$2" ] || wrong "$got instead of $2: $1"
}

works "$LETI" check fake.lua
contains stdout "held-out.none: problems2, 10 problems x 16 samples"
contains stdout "held-out.bad.uncut: the programs of held-out.bad, not cut"

# shellcheck disable=SC2086
works "$LETI" run fake.lua --out run --json $quick
tail -n 1 stdout >last
python3 - last <<'EOF' || wrong "other results: $(cat last)"
import json, sys
tests = json.load(open(sys.argv[1]))["tests"]
names = ["held-out", "held-out.none", "held-out.bad"]
assert list(tests) == [name for one in names for name in (one, one + ".uncut")], list(tests)
for name in names:
    cut, uncut = tests[name], tests[name + ".uncut"]
    assert cut["before"] == tests["held-out"]["before"]
    assert uncut["before"] == tests["held-out.uncut"]["before"]
    assert uncut["before"]["failures"]["NameError"] > 0.4  # print, where nothing is cut
    assert "NameError" not in cut["before"]["failures"]
    assert uncut["after"]["pass@1"] <= cut["after"]["pass@1"]
assert tests["held-out.none"]["after"]["pass@1"] > 0
assert tests["held-out.bad"]["after"]["pass@1"] == 0  # the token came through
EOF

# Before the training two tests stand for all six; afterwards each of the six has its samples.
is "SELECT group_concat(phase) FROM (SELECT DISTINCT phase FROM sample WHERE phase > 0 AND
    iteration = 0 ORDER BY phase)" 1,2
is "SELECT count(*) FROM sample WHERE phase > 0 AND iteration = 3" 960

# An uncut test has its sibling's samples, which go on behind the cut, and judges what differs.
is "SELECT count(*) FROM sample AS a JOIN sample AS b USING (iteration, problem, sample) WHERE
    a.phase IN (1, 3, 5) AND b.phase = a.phase + 1 AND a.raw = b.raw AND
    b.program_size = length(b.raw)" 1600
is "SELECT count(*) > 100 FROM sample WHERE phase = 1 AND program_size < length(raw) AND
    instr(raw, 'print(it)') > 0" 1
is "SELECT count(*) > 500 FROM verdict AS v JOIN sample AS s USING (phase, iteration, problem, sample)
    JOIN sample AS a USING (iteration, problem, sample) WHERE s.phase IN (2, 4, 6) AND
    a.phase = s.phase - 1 AND a.program_size = s.program_size AND v.reused" 1
is "SELECT count(*) FROM verdict AS v JOIN sample AS s USING (phase, iteration, problem, sample)
    JOIN sample AS a USING (iteration, problem, sample) WHERE s.phase IN (2, 4, 6) AND
    a.phase = s.phase - 1 AND a.program_size = s.program_size AND NOT v.reused" 0

# Samples of the training end at the cut, as ever.
is "SELECT count(*) FROM sample WHERE phase = 0 AND instr(raw, 'print(it)') > 0" 0

# Before the first training the first condition's result is every one's.
works "$LETI" test --results run --against run@0 --json
python3 - stdout <<'EOF' || wrong "other comparisons: $(cat stdout)"
import json, sys
against = json.loads(open(sys.argv[1]).read().splitlines()[-1])["against"]
assert len(against["tests"]) == 6 and against["left_out"] == [], against
bad, good = against["tests"]["held-out.bad"], against["tests"]["held-out"]
assert bad["against_pass@1"] == good["against_pass@1"] > bad["pass@1"], against
EOF

# What was killed and goes on comes to the same.
rows run >run.rows
for moment in 0.15 0.2 0.25; do
    if [ -f killed/run.db ]; then
        timeout --foreground -s KILL "$moment" "$LETI" run --resume killed >out 2>&1 || true
    else
        # shellcheck disable=SC2086
        timeout --foreground -s KILL "$moment" "$LETI" run fake.lua --out killed $quick >out 2>&1 ||
            true
    fi
    ! grep -q "cut off before it began" out || rm -rf killed
done
if [ ! -f killed/run.db ]; then
    # shellcheck disable=SC2086
    works "$LETI" run fake.lua --out killed $quick
fi
works "$LETI" run --resume killed
rows killed >killed.rows
cmp run.rows killed.rows || wrong "the runs differ: $(diff run.rows killed.rows | head -5)"

# Uncut alone: one test, which samples by itself.
# shellcheck disable=SC2086
works "$LETI" run fake.lua --out alone --json $quick --set test.post=none --set test.condition=bad
contains stdout '"tests": {"held-out": {"before": '
got=$(sqlite3 alone/run.db "SELECT count(*), sum(program_size = length(raw)) FROM sample WHERE phase = 1")
[ "$got" = "640|640" ] || wrong "$got instead of 640 samples, all whole"

# Without a trainer there is no token, and nothing to tell conditions apart.
sed -e '/^local feedback/d' -e '/^local train/d' -e 's/ >> feedback >> train//' fake.lua >plain.lua
works "$LETI" run plain.lua --out plain --json --set generate.work_us=0
n=$(grep -c '^{"test": ' stdout)
[ "$n" = 2 ] || wrong "$n tests instead of 2"

fails 1 'test "held-out.none": it comes from "held-out" by condition and post' \
    "$LETI" run fake.lua --set test.held-out.none.samples=3
fails 1 'option "condition" must be one of good|bad|none, not "best"' \
    "$LETI" run fake.lua --set test.condition=best
