# run_shown - what a run says of itself, as lines and as JSON, and what show finds in it later.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline
quick="--set generate.work_us=0 --set evaluate.work_us=0 --set train.work_us=0"

# As lines: the run's folder first, then the parts in their order, each with a second line that
# says more of it.
# shellcheck disable=SC2086
works "$LETI" run fake.lua $quick
cut -c1-12 stdout | sed '/^ *$/d' >begins
cat >expected <<'EOF'
runs/fake-00
preflight   
test 0      
iteration 1 
test 1      
iteration 2 
test 2      
iteration 3 
test 3      
pass@1 11.9 
  leti show 
  leti repor
EOF
diff expected begins || wrong "other lines"
contains stdout "known good passed, known bad failed: AssertionError"
contains stdout "solved 60.0 %   10 held-out problems x 16"
contains stdout "                 failed by AssertionError 88.1 %"
contains stdout "                 320 steps, 320 k tokens so far"
[ -f runs/fake-001/pipeline.lua ] || wrong "no pipeline.lua in the run"
contains runs/fake-001/pipeline.lua "--set generate.work_us=0"
[ -f runs/fake-001/checkpoints/0003/optimizer.bin ] || wrong "the newest optimizer state is gone"
[ -f runs/fake-001/checkpoints/0002/optimizer.bin ] || wrong "the second optimizer state is gone"
[ ! -e runs/fake-001/checkpoints/0001/optimizer.bin ] || wrong "old optimizer state was kept"
[ -f runs/fake-001/checkpoints/0001/model.txt ] || wrong "an old model is gone"

# As JSON: a line a part, the last one sums up. The same seed gives the same numbers.
# shellcheck disable=SC2086
works "$LETI" run fake.lua --json $quick
[ "$(wc -l <stdout)" = 8 ] || wrong "eight lines of JSON were expected: $(cat stdout)"
tail -n 1 stdout >last
contains last "\"run\": \"$work/runs/fake-002\", \"iterations\": 3, \"seconds\": "
contains last '"test": {"before": {"pass@1": 0.11875, "pass@10": 0.508'
contains last '"tests": {"held-out": {"before": '
contains last '"solve_rate": 0.6, "n_problems": 10, "n_samples": 16, "infra": 0, "failures": {"AssertionError": 0.88'
contains stdout '"steps": 160, "tokens": 160000, "loss": '
contains stdout '"steps_so_far": 480, "tokens_so_far": 480000'
rows runs/fake-001 >one.rows
rows runs/fake-002 >two.rows
cmp one.rows two.rows || wrong "the same seed gave other rows"

# Another seed does not.
# shellcheck disable=SC2086
works "$LETI" run fake.lua --quiet --out other --set seed=8 $quick
[ ! -s stdout ] || wrong "--quiet says something: $(cat stdout)"
rows other >other.rows
! cmp -s one.rows other.rows || wrong "another seed gave the same rows"

# Later.
works "$LETI" show runs/fake-001
[ "$(wc -l <stdout)" = 7 ] || wrong "seven parts were expected: $(cat stdout)"
works "$LETI" show runs/fake-001 p3 --iteration 2 --limit 100
[ "$(grep -c '^-- iteration 2, sample ' stdout)" = 8 ] || wrong "8 samples were expected"
contains stdout "question 3"
works "$LETI" show runs/fake-001 p3 --failed --limit 1
contains stdout "failed, AssertionError"
contains stdout " tokens, ended by eos, mean log-probability -0.250, perplexity 1.28)"
works "$LETI" show runs/fake-001 --test held-out --reason passed --limit 3 --json
[ "$(grep -c '"outcome": "passed"' stdout)" = 3 ] || wrong "3 that passed were expected"
contains stdout '"finish": "eos", "mean_logprob": -0.25, "logprobs": [-0.25, -0.25, '
fails 1 'runs/fake-001: no sample fits' "$LETI" show runs/fake-001 --reason Nosuch
fails 1 'runs/fake-001: no sample fits' "$LETI" show runs/fake-001 --iteration 77
fails 1 'no problem "p99" in this run' "$LETI" show runs/fake-001 p99
fails 1 'no test "other" in this run, which has held-out' "$LETI" show runs/fake-001 --test other
fails 1 'not a run (no run.db in it)' "$LETI" show runs
