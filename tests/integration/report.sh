# report - runs as an HTML page: what is in it, how a browser takes it, and that nothing a model
# wrote is obeyed.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/browser.sh"
cd "$work"
fake_pipeline
quick="--set generate.work_us=0 --set evaluate.work_us=0 --set train.work_us=0 --quiet"

# run OUT ARGUMENT...: a run of the fake pipeline in a folder.
run() {
    out=$1
    shift
    # shellcheck disable=SC2086
    works "$LETI" run fake.lua --out "$out" $quick "$@"
}

# lacks FILE TEXT: no line of the file contains the text.
lacks() {
    ! grep -qF -e "$2" "$1" || wrong "$1 says: $(grep -F -m 1 -e "$2" "$1" | cut -c1-300)"
}

run seven
run eight --set seed=8
run binary --set feedback.textual=false

# One run.
works "$LETI" report seven
[ "$(cat stdout)" = seven/report.html ] || wrong "it printed $(cat stdout)"
for text in '<title>seven</title>' 'name="viewport"' 'prefers-color-scheme:dark' '@media print' \
    'held-out</th>' '3 of 3' 'finished' '20 problems × 8 samples' 'minutes\|seconds of sampling' \
    'pass@10' 'AssertionError' 'Learned' 'question ' 'What it was trained on' \
    '<span class="reward">&lt;|bad|&gt;</span>' '<span class="feedback">' \
    'setting of the pipeline' 'data of training' 'evaluator.fake 1.0'; do
    grep -q -e "$text" seven/report.html || wrong "the report does not say: $text"
done
# The numbers are the database's.
steps=$(sqlite3 seven/run.db "SELECT printf('%d', sum(value)) FROM metric WHERE name = 'steps'")
loss=$(sqlite3 seven/run.db "SELECT printf('%#.4g', value) FROM metric WHERE name = 'loss' AND
    iteration = 3 ORDER BY step DESC LIMIT 1")
passed=$(printf '%.1f' "$(sqlite3 seven/run.db "SELECT 100.0 * sum(outcome = 0) / count(*)
    FROM judged WHERE phase = 1 AND iteration = 3")")
contains seven/report.html "<td class=\"n\">3 of 3</td><td class=\"n\">$steps</td>"
contains seven/report.html "<td class=\"n big\">$passed</td>"
contains seven/report.html "<td class=\"n\">3</td><td class=\"n\">$loss</td>"
works "$LETI" report seven -o page.html --json
[ "$(cat stdout)" = '{"report": "page.html", "runs": 1}' ] || wrong "it printed $(cat stdout)"
[ "$(wc -c <page.html)" -lt 2000000 ] || wrong "$(wc -c <page.html) bytes for a small run"
[ "$(grep -c '<svg viewBox="0 0 460' page.html)" -ge 6 ] || wrong "too few charts"
grep -q 'role="img" aria-label="by gradient steps\|aria-label="by iteration' page.html ||
    wrong "a chart says nothing to who cannot see it"

# Several: those that differ in their seed alone are one line and its spread.
works "$LETI" report seven eight binary -o page.html
contains page.html ' textual = true <span class="dim">seeds 7, 8</span>'
contains page.html ' textual = false <span class="dim">seed 7</span>'
contains page.html '<path class="thin"'
lacks page.html 'textual = true <span class="dim">seed 7</span>'

# A seed that is there twice is one: the same folder is one run, a copy is drawn beside it.
works "$LETI" report seven ./seven/ "$work/seven" -o page.html --json
[ "$(cat stdout)" = '{"report": "page.html", "runs": 1}' ] || wrong "it printed $(cat stdout)"
lacks page.html 'seeds 7'
cp -r seven again
works "$LETI" report seven again -o page.html
contains page.html '<span class="dim">seed 7; again 7</span>'
contains page.html '7 again</td>'
contains page.html 'no mean or spread counts it'
lacks page.html 'sd '
works "$LETI" report seven again eight -o page.html
contains page.html '<span class="dim">seeds 7, 8; again 7</span>'
contains page.html ' of 2</td>'

# An option of the same name elsewhere is told with whose it is.
run four --set test.samples=4
run five --set generate.samples=5
works "$LETI" report seven four five -o page.html
contains page.html ' generate.samples = 8, held-out.samples = 4 <span'
contains page.html ' generate.samples = 5, held-out.samples = 16 <span'

# Runs with other tests stand beside each other.
sed 's/held-out/another/' fake.lua >other.lua
# shellcheck disable=SC2086
works "$LETI" run other.lua --out other $quick
works "$LETI" report seven other -o page.html
contains page.html 'held-out</th>'
contains page.html 'another</th>'

# Tests of a checkpoint have no iterations; where they differ, a heading says how.
for samples in 3 4; do
    works "$LETI" test fake.lua --model seven@2 --samples $samples --out "tested-$samples" --quiet
done
works "$LETI" report seven binary tested-3 -o page.html
contains page.html ' fake: textual = true <span'
contains page.html ' test-fake <span'
works "$LETI" report tested-3 tested-4 seven -o page.html
contains page.html '<td>seven@2</td><td class="n">tests alone</td>'
contains page.html '>test held-out <span class="dim">10 problems × 3 to 16 samples</span>'

# A run that goes on: what is not done is not shown, and one without any test has a report too.
cp -r seven begun
sqlite3 begun/run.db "DELETE FROM part WHERE iteration = 3; DELETE FROM manifest WHERE key = 'finished'"
works "$LETI" report begun -o page.html
contains page.html 'not finished'
contains page.html '2 of 3'
lacks page.html 'iteration 3: passed'
sqlite3 begun/run.db "DELETE FROM part"
works "$LETI" report begun -o page.html
contains page.html 'No test is done yet'
browse page.html
[ ! -s console ] || wrong "the console says: $(cat console)"

# A test under a condition is not done before there is a reward token: it begins where the test does
# that it belongs to. The log's warnings are told, and its last line may be half written.
cp -r seven conditions
sqlite3 conditions/run.db "
    INSERT INTO phase SELECT 2, 'held-out.bad', samples FROM phase WHERE phase = 1;
    INSERT INTO problem SELECT 2, problem, id, prompt, tests, reference, extra FROM problem
        WHERE phase = 1;
    INSERT INTO sample SELECT 2, iteration, problem, sample, raw, program_size, tokens, finish, NULL
        FROM sample WHERE phase = 1 AND iteration > 0;
    INSERT INTO verdict SELECT 2, iteration, problem, sample, evaluator, 1, 'wrong', '', '', 0, NULL,
        1, 0, NULL FROM verdict WHERE phase = 1 AND iteration > 0;
    INSERT INTO part SELECT iteration, 'test held-out.bad', 1, 1 FROM part
        WHERE part = 'test held-out' AND iteration > 0;"
printf '{"time": "T", "level": "warning", "text": "it <leaks>"}\n{"time": "T", "lev' \
    >>conditions/log.jsonl
works "$LETI" report conditions -o page.html
before=$(sed -n 's/.*>held-out<\/th><td class="n">\([0-9.]*\)<.*/\1/p' page.html)
contains page.html ">held-out.bad</th><td class=\"n\">$before</td><td class=\"n big\">0.0</td>"
contains page.html '1 warning</span>'
contains page.html 'it &lt;leaks&gt;'

# What a model, an interpreter or a data set wrote is text: every place where such bytes stand.
cp -r seven hostile
evil='</pre></script><script>document.title="owned"</script><img src=http://192.0.2.1/x onerror=alert(1)>"'"'"
python3 - hostile/run.db "$evil" <<'EOF_PYTHON'
import sqlite3, struct, sys
evil = sys.argv[2].encode() + b"\x00\x07\x1b[31m\xff\xfe\xed\xa0\x80\xe2\x80\xae" + sys.argv[2].encode() * 3
name = sys.argv[2] + "\x1b\u202e"
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE sample SET raw = ?, program_size = ?", (evil, len(evil) // 2))
db.execute("UPDATE verdict SET feedback = ?, reason = ?", (evil, name))
db.execute("UPDATE verdict SET exception = ? WHERE exception <> ''", (name,))
db.execute("UPDATE problem SET prompt = ?, id = id || ?", (evil, name))
span = struct.pack("<III", 1, 1, len(evil)) + evil + b"\x00"
db.execute("UPDATE example SET spans = ?, id = ?", (span, name))
db.execute("UPDATE manifest SET value = value || ? WHERE key NOT IN ('seed', 'iterations')", (name,))
db.execute("UPDATE phase SET name = ? WHERE phase > 0", (name,))
db.execute("UPDATE part SET part = 'test ' || ? WHERE part LIKE 'test %'", (name,))
db.execute("UPDATE metric SET name = name || ? WHERE name NOT IN ('steps', 'tokens')", (name,))
db.execute("INSERT INTO event (kind, text) VALUES ('x', ?)", (name,))
db.commit()
EOF_PYTHON
works "$LETI" report hostile seven -o page.html
contains page.html '&lt;script&gt;'
contains page.html '\x1b[31m\xff\xfe\xed\xa0\x80\u202e'
lacks page.html '<script'
lacks page.html '<img'
python3 -c '
import re, sys
page = open("page.html", encoding="utf-8").read()
found = re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
sys.exit(found and f"control character {found.group()!r} in the page")' || wrong "bytes got through"
browse page.html
[ ! -s console ] || wrong "the console says: $(cat console)"
[ "$(cat requests)" = 0 ] || wrong "the page made $(cat requests) requests"
lacks dom '<title>owned'
lacks dom '<script'
lacks dom '<img'

# The same checks see a page that is not so.
printf '<!DOCTYPE html><script>console.log("x")</script><img src="http://192.0.2.1/x">' >bad.html
browse bad.html
[ -s console ] || wrong "a console message went unseen"
[ "$(cat requests)" -gt 0 ] || wrong "a request went unseen"
printf '<!DOCTYPE html><div style="width:600px">x</div>' >bad.html
[ "$(width bad.html 390)" -gt 390 ] || wrong "a page that is too wide went unseen"

# On a telephone the page does not scroll sideways, whatever stands in it.
for page in hostile "seven eight binary other"; do
    # shellcheck disable=SC2086
    works "$LETI" report $page -o page.html
    pixels=$(width page.html 390)
    [ "$pixels" = 390 ] || wrong "$page: $pixels pixels wide, not 390"
done

# What cannot be reported on.
fails 1 'leti report: nowhere: ' "$LETI" report nowhere
fails 1 'model: not a run (no run.db in it)' "$LETI" report seven model
fails 1 'nowhere/page.html: ' "$LETI" report seven -o nowhere/page.html
status=0
"$LETI" report 2>stderr || status=$?
[ $status = 2 ] || wrong "status $status without a run"
works "$LETI" report --help
contains stdout 'Usage: leti report'
contains stdout '--output=FILE'
