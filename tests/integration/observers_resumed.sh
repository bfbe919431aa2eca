# observers_resumed - a run that goes on is told from there on, by observers that may be others.
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$LETI_SOURCE_DIR/tests/integration/lib/checks.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/fake_run.sh"
. "$LETI_SOURCE_DIR/tests/integration/lib/observed_run.sh"
cd "$work"
observed_pipeline
lib="$LETI_SOURCE_DIR/tests/integration/lib"

# Stopped in the midst of the second iteration.
"$LETI" run observed.lua --out run >out 2>&1 &
head=$!
until grep -q '"iteration": 2, .*"part_begins"\|"part_begins", "iteration": 2' run/events.jsonl \
    2>/dev/null; do
    kill -0 $head 2>/dev/null || wrong "it ended too soon: $(cat out)"
done
kill -INT $head
status=0
wait $head || status=$?
[ $status = 1 ] || wrong "status $status after Ctrl-C: $(cat out)"
tail -n 1 run/events.jsonl >last
contains last '"event": "run_ends", "iteration": 2, "steps": 160, "finished": false, "why": "stopped"'

# A line that was cut off harms none but itself.
printf '{"time": 17' >>run/events.jsonl
works "$LETI" run --resume run --set events.samples=false --set numbers.listen="[::1]:0"
sed '/^{"time": 17$/d' run/events.jsonl >whole
python3 - whole <<'END' || wrong "the events are others"
import json
import sys

events = [json.loads(line) for line in open(sys.argv[1])]
begins = [i for i, e in enumerate(events) if e["event"] == "run_begins"]
assert len(begins) == 2, begins
again = events[begins[1]:]
assert again[0]["resumed"] and again[0]["iteration"] == 1 and again[0]["steps"] == 160, again[0]
assert not [e for e in again if e["event"] == "sample"], "samples were told"
assert not [e for e in again if e["event"] != "run_begins" and e["iteration"] < 2], "told again"
done = [(e["iteration"], e["part"]) for e in events if e["event"] == "part_ends" and e["done"]]
assert len(done) == len(set(done)) == 10, done
tests = [e["steps"] for e in events if e["event"] == "test"]
assert tests == [0, 160, 320, 480], tests
assert again[-1]["event"] == "run_ends" and again[-1]["finished"], again[-1]
END

# TensorBoard's files go on as well.
python3 "$lib/event_files.py" run/tensorboard | grep '^test/held-out/pass@1 [0-9]' | cut -d' ' -f2 \
    >steps
[ "$(tr '\n' ' ' <steps)" = "0 160 320 480 " ] || wrong "other steps: $(cat steps)"
