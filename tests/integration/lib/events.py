#!/usr/bin/env python3
"""What observer.jsonl wrote of a run, held against what the run came to.

    events.py RUN               the events agree with run.db; prints a line a scalar that
                                observer.tensorboard must have, "TAG STEP VALUE"

SPDX-License-Identifier: Apache-2.0
"""
import collections
import json
import pathlib
import sqlite3
import sys

run = pathlib.Path(sys.argv[1])
events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
db = sqlite3.connect(f"file:{run}/run.db?mode=ro", uri=True)


def check(got, wanted, what):
    assert got == wanted, f"{what}: {got} instead of {wanted}"


def of(kind):
    return [e for e in events if e["event"] == kind]


check([e["event"] for e in (events[0], events[-1])], ["run_begins", "run_ends"], "first and last")
assert all(a["time"] <= b["time"] for a, b in zip(events, events[1:])), "times go back"
assert all(a["steps"] <= b["steps"] for a, b in zip(events, events[1:])), "steps go back"

# Every part and every sample once, with what the store has of it.
parts = [(e["iteration"], e["part"]) for e in of("part_ends") if e["done"]]
check(sorted(parts), sorted(db.execute("SELECT iteration, part FROM part WHERE done")), "parts")
names = dict(db.execute("SELECT phase, name FROM phase WHERE phase > 0"))
outcomes = ["passed", "failed", "infra"]
stored = [(names.get(phase), iteration, problem, sample, outcomes[outcome], exception, tokens,
           bool(reused))
          for phase, iteration, problem, sample, outcome, exception, tokens, reused in db.execute(
              "SELECT v.phase, v.iteration, p.id, v.sample, v.outcome, v.exception, s.tokens,"
              " v.reused FROM verdict AS v JOIN problem AS p USING (phase, problem)"
              " JOIN sample AS s USING (phase, iteration, problem, sample)")]
told = [(e["test"], e["iteration"], e["problem"], e["index"], e["outcome"], e["exception"],
         e["tokens"], e["reused"]) for e in of("sample")]
check(collections.Counter(told), collections.Counter(stored), "samples")

# Numbers.
check([(e["iteration"], e["stage"], e["name"], e["step"], e["value"]) for e in of("metric")],
      list(db.execute("SELECT iteration, stage, name, step, value FROM metric"
                      " ORDER BY iteration, name, step")), "metrics")
check(events[-1]["steps"], sum(e["value"] for e in of("metric") if e["name"] == "steps"), "steps")
for e in of("iteration"):
    passed = [s for s in of("sample") if not s["test"] and s["iteration"] == e["iteration"]
              and s["outcome"] == "passed"]
    check(e["passed"], len(passed), "passed")


def scalar(tag, event, value):
    print(tag, event["steps"], "%.6g" % value)


for e in events:
    if e["event"] == "metric":
        scalar(e["stage"] + "/" + e["name"], e, e["value"])
    if e["event"] == "test":
        scalar(f"test/{e['test']}/pass@1", e, e["pass@1"])
        scalar(f"test/{e['test']}/pass@10", e, e["pass@10"])
        scalar(f"test/{e['test']}/solve_rate", e, e["solve_rate"])
    if e["event"] == "iteration":
        scalar("sampling/passed", e, e["passed"] / e["sampled"])
        scalar("sampling/infra", e, 0)
