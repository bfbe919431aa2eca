# show - a run is browsed: its problems, its samples, one of them whole, two side by side; on a
# terminal with colours and a pager, and never with what a program would have the terminal do.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
cd "$work"
fake_pipeline
works "$LETI" run fake.lua --quiet --out fake --set iterations=2 --set generate.work_us=0 \
    --set evaluate.work_us=0 --set train.work_us=0

# json EXPRESSION: true of the objects in stdout, one a line, of which x is the list.
json() {
    python3 -c '
import json, sys
x = [json.loads(line) for line in open("stdout")]
assert eval(sys.argv[1]), x' "$1" || wrong "not so: $1"
}

# on_terminal COMMAND...: its output on a terminal, in the file `seen`.
on_terminal() {
    TERM=xterm script -qec "$*" /dev/null >seen </dev/null || wrong "status $?: $*
$(cat seen)"
}

escape=$(printf '\033')

# Problems: a table a phase, with what the database says.
works "$LETI" show fake --problems
[ "$(grep -c '^p' stdout)" = 30 ] || wrong "20 rows for training, 10 for the test"
grep -q '^training  *1  *2$' stdout || wrong "no columns for iterations 1 and 2"
grep -q '^held-out  *0  *1  *2$' stdout || wrong "no columns for iterations 0 to 2"
works "$LETI" show fake --problems --json
sqlite3 fake/run.db "SELECT count(*) FROM judged WHERE outcome = 0" >passed
json "sum(i['passed'] for p in x for i in p['iterations']) == $(cat passed)"
json '{i["judged"] for p in x for i in p["iterations"]} == {8, 16}'
works "$LETI" show fake --problems --json --test held-out --iteration 1
json 'len(x) == 10 and all([i["iteration"] for i in p["iterations"]] == [1] for p in x)'

# Samples, chosen by what came of them.
for outcome in passed failed; do
    works "$LETI" show fake --outcome $outcome --limit 1000 --json
    json "{s['outcome'] for s in x} == {'$outcome'} and len(x) == $(sqlite3 fake/run.db "
        SELECT count(*) FROM judged WHERE phase = 0 AND outcome = ('$outcome' = 'failed')")"
done
fails 1 'fake: no sample fits' "$LETI" show fake --outcome infra
fails 1 'fake: no sample fits' "$LETI" show fake --outcome unjudged

# One sample: all that is known of it; the last iteration's unless one is named.
works "$LETI" show fake p3 1:4
for part in '== problem p3' 'question 3' '-- tests' 'answer 3' '-- iteration 1, sample 4: ' \
    '-- evaluate: ' '-- trained on'; do
    contains stdout "$part"
done
works "$LETI" show fake p3 4 --json
json 'x[0]["iteration"] == 2 and x[0]["sample"] == 4 and x[0]["tests"] == "answer 3"'
json 'x[0]["trained_on"].endswith(x[0]["prompt"] + x[0]["program"])'
works "$LETI" show fake p3 4 --iteration 1 --json
json 'x[0]["iteration"] == 1'
works "$LETI" show fake p3 0:4 --test held-out --json
json 'x[0]["iteration"] == 0 and x[0]["trained_on"] is None'
fails 1 'fake: problem p3 has no sample 99' "$LETI" show fake p3 99
fails 1 'fake: problem p3 has no sample 4 in iteration 7' "$LETI" show fake p3 7:4

# Two samples. A program is made to differ in its midst, and to say what no terminal should obey.
put() { # put ITERATION SAMPLE PROGRAM
    sqlite3 fake/run.db "UPDATE sample SET raw = CAST('$3' AS BLOB),
        program_size = length(CAST('$3' AS BLOB)) WHERE phase = 0 AND iteration = $1
        AND sample = $2 AND problem = 3"
}
put 1 5 "$(printf '\na = 1\nb = 2\nprint("\033[2J\302\233m\033]0;you\007")\nc = 3\n')"
put 2 6 "$(printf '\na = 1\nb = 3\nd = 4\nc = 3\n')"
works "$LETI" show fake p3 --diff 1:5 2:6
cat >expected <<'END'
@@ -1,4 +1,4 @@
 a = 1
-b = 2
-print("\x1b[2J\u009bm\x1b]0;you\x07")
+b = 3
+d = 4
 c = 3
END
sed '1,/^+++ iteration 2, sample 6: /d' stdout >diff
cmp expected diff || wrong "another difference: $(cat stdout)"
works "$LETI" show fake p3 --diff 2:6 2:6
contains stdout 'the programs are the same'
works "$LETI" show fake p3 --diff 1:5 6 --json
json 'x[0]["second"]["iteration"] == 2 and x[0]["diff"].startswith("@@ -1,4 +1,4 @@\n a = 1\n-b")'
fails 1 'fake: problem p3 has no sample 55' "$LETI" show fake p3 --diff 5 55

# Elsewhere than on a terminal there is neither colour nor pager.
for command in "show fake p3 1:5" "show fake p3 --diff 1:5 2:6" "show fake --problems"; do
    # shellcheck disable=SC2086
    PAGER=false works "$LETI" $command
    ! grep -q "$escape" stdout || wrong "$command: an escape: $(cat stdout)"
done

# On a terminal there are, unless they are not wanted; the program's own escapes stay escaped.
export PAGER=cat
on_terminal "$LETI" show fake p3 --diff 1:5 2:6
contains seen "$escape[32m+b = 3$escape[0m"
contains seen 'print("\x1b[2J\u009bm\x1b]0;you\x07")'
on_terminal "$LETI" show fake p3 --diff 1:5 2:6 --json
! grep -q "$escape" seen || wrong "colours in JSON: $(cat seen)"
NO_COLOR=1 on_terminal "$LETI" show fake p3 --diff 1:5 2:6
! grep -q "$escape" seen || wrong "colours in spite of NO_COLOR: $(cat seen)"
PAGER="sed s/^/paged:/" on_terminal "$LETI" show fake
contains seen 'paged:training '
PAGER="head -n 1" on_terminal "$LETI" show fake --limit 1000 --test held-out
[ "$(wc -l <seen)" = 1 ] || wrong "a pager that ends early: $(cat seen)"
PAGER=/nonexistent on_terminal "$LETI" show fake
contains seen 'training '

# Wrong usage.
usage() { # usage TEXT ARGUMENT...
    text=$1 status=0
    shift
    "$LETI" show "$@" >stdout 2>stderr || status=$?
    [ $status = 2 ] || wrong "status $status instead of 2: $*"
    contains stderr "$text"
}
usage 'a sample must be a number, or ITERATION:SAMPLE, not "x"' fake p3 x
usage 'a sample must be a number, or ITERATION:SAMPLE, not "1:"' fake p3 1:
usage 'a sample must be a number, or ITERATION:SAMPLE, not "+1"' fake p3 +1
usage '--diff wants a problem and two samples of it' fake p3 --diff 1
usage 'two samples are only shown with --diff' fake p3 1 2
usage '--problems counts all samples' fake --problems --failed
usage 'cannot be chosen by outcome or reason as well' fake p3 1 --reason NameError
usage '--outcome must be passed, failed, infra or unjudged, not "good"' fake --outcome good
