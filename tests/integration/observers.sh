# observers - a run is told to a file, to TensorBoard's files and to who asks over HTTP, and comes
# to the same as one that nobody looks at.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/observed_run.sh"
cd "$work"
observed_pipeline
lib="$LETI_SOURCE_DIR/tests/integration/lib"

works "$LETI" check observed.lua
contains stdout 'numbers: observer.prometheus 1.0, observed.lua:11'
contains stdout '    listen             "127.0.0.1:0"'
works "$LETI" inspect observer.prometheus --json
contains stdout '"kind": "observer"'

# url: where the run that writes to err answers, which is its first line.
url() {
    read -r line <&3
    case $line in
    "numbers: Prometheus finds it at http://127.0.0.1:"*/metrics) echo "${line##* }" ;;
    *) wrong "it says: $line" ;;
    esac
}

# While it runs, it answers, and nobody else gets its port.
mkfifo err
"$LETI" run observed.lua --out run 2>err >out &
head=$!
exec 3<err
url=$(url)
until grep -q '^leti_pass_at_1{test="held-out"} 0.11875$' page 2>/dev/null; do
    curl --silent --fail --dump-header headers "$url" >page || wrong "it does not answer: $(cat out)"
done
contains headers "Content-Type: text/plain; version=0.0.4; charset=utf-8"
contains page 'leti_run_info{run="run"} 1'
contains page 'leti_running 1'
contains page 'leti_samples_total{phase="test",outcome="failed",reason="AssertionError"} 141'
contains page 'leti_samples_total{phase="test",outcome="passed",reason="passed"} 19'
contains page 'leti_part_seconds{part="test held-out"} 0.'
contains page 'leti_events_missed_total 0'
[ "$(curl --silent --output answer --write-out '%{http_code}' "${url%/metrics}/other")" = 404 ] ||
    wrong "not 404: $(cat answer)"
[ "$(curl --silent --output answer --write-out '%{http_code}' --data x "$url")" = 405 ] ||
    wrong "not 405: $(cat answer)"
address=${url#http://}
fails 1 "leti run: observed.lua:11: numbers (observer.prometheus): cannot listen at \
${address%/metrics}: Address already in use" "$LETI" run observed.lua --quiet --out second \
    --set "numbers.listen=${address%/metrics}"
[ ! -e second ] || wrong "a run that did not begin left its folder"
wait $head || wrong "the run failed: $(cat out)"
! curl --silent "$url" >page || wrong "it answers after its end"

# What was written agrees with the run, and the run with one that nobody looks at.
python3 "$lib/events.py" run >wanted || wrong "the events are others"
python3 "$lib/event_files.py" run/tensorboard >curves || wrong "the event files cannot be read"
grep -v -e '^seconds/' -e '^test/.*/pass@1 [lh]' -e '^sampling/[sr]' curves >compared
diff wanted compared || wrong "TensorBoard is told other numbers"
[ "$(wc -l <wanted)" -gt 40 ] || wrong "next to nothing was told: $(cat wanted)"
works "$LETI" run fake.lua --out plain
rows run >run.rows
rows plain >plain.rows
cmp run.rows plain.rows || wrong "observers changed the run"

# An observer that fails is told of in one line, and the run goes on; the others are told all.
works "$LETI" run observed.lua --out full --set events.file=/dev/full --quiet
[ "$(cat stderr)" = "warning: events: file /dev/full: No space left on device; it is told nothing \
more, and the run goes on" ] || wrong "it says: $(cat stderr)"
rows full >full.rows
cmp full.rows plain.rows || wrong "an observer that failed changed the run"
python3 "$lib/event_files.py" full/tensorboard >full.curves
[ "$(wc -l <full.curves)" = "$(wc -l <curves)" ] || wrong "the other observers were told less"

# One that cannot start stops the run before it begins.
fails 1 "events (observer.jsonl): file /nowhere/x: No such file or directory" \
    "$LETI" run observed.lua --quiet --out none --set events.file=/nowhere/x
fails 1 "numbers (observer.prometheus): option \"listen\": 0.0.0.0:0 can be reached from other" \
    "$LETI" run observed.lua --quiet --out none --set numbers.listen=0.0.0.0:0
[ ! -e none ] || wrong "a run that did not begin left its folder"

# Every test that follows from a described one is told, and so are references.
sed -e 's/^  test = {/  samples_from = "references",\n  test = { condition = { "good", "bad" }, post = "both",/' \
    observed.lua >more.lua
works "$LETI" run more.lua --out more --json --set iterations=1 --set generate.work_us=0
tail -n 1 stdout >last.json
python3 - last.json more/events.jsonl <<'END' || wrong "the events of derived tests are others"
import collections
import json
import sys

tests = json.load(open(sys.argv[1]))["tests"]
events = [json.loads(line) for line in open(sys.argv[2])]
assert len(tests) == 4, list(tests)
for name, result in tests.items():
    told = [e["pass@1"] for e in events if e["event"] == "test" and e["test"] == name]
    before = [] if "bad" in name else [result["before"]["pass@1"]]  # there is one condition then
    assert told == before + [result["after"]["pass@1"]], (name, told, result)
samples = collections.Counter((e["test"], e["iteration"]) for e in events if e["event"] == "sample")
assert samples[None, 1] == 20, samples
assert all(samples[name, 1] == 160 for name in tests), samples
END
