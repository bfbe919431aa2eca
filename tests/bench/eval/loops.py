"""loops - whether programs wait behind others that never end.

    loops.py BUILD [--programs N] [--share F] [--limit S] [--workers N] [--python PATH]

Lets `leti score` judge programs of which a share loops for ever. Each of the others raises an
exception with the monotonic clock's time for its text, so that the feedback says when it started.
Programs are handed out in the order of the file: one that was handed to a worker which still had
another in hand has started later than programs after it in the file that went to another worker.
That lateness is what is printed, for all programs that do not loop, besides the total time and what
it would be at best: the loops' limits and the others' own seconds, shared out among the workers.

A loop that got little of a core, for the machine was busy with other things, is run once more while
all workers wait: the total says so. Exits with 1 where a program was late by more than half of the
limit, or where the total is a tenth and two limits above the best. Needs nothing but Python 3.11.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

import measure

STAMP = "# {}\nimport time\nraise Exception(repr(time.monotonic()))\n"
LOOP = "# {}\nwhile True:\n    pass\n"


def write_samples(folder, n, loops):
    """Each differs from the others by a comment: equal programs are judged once."""
    problem = {"task_id": 1, "text": "", "code": "pass", "test_setup_code": "",
               "test_list": ["pass"], "challenge_test_list": []}
    with open(f"{folder}/problems.jsonl", "w") as file:
        file.write(json.dumps(problem) + "\n")
    with open(f"{folder}/samples.jsonl", "w") as file:
        for i in range(n):
            text = (LOOP if i in loops else STAMP).format(i)
            file.write(json.dumps({"task_id": "1", "completion": text}) + "\n")


def start_of(line):
    """When the program started, by its own word: the last line of "Exception: 123.4"."""
    return float(line["feedback"].strip().rsplit(" ", 1)[1])


def lateness(lines, loops):
    """For each program that does not loop, how much later it started than one after it."""
    late, earliest = [], float("inf")
    for i in range(len(lines) - 1, -1, -1):
        if i in loops:
            continue
        start = start_of(lines[i])
        late.append(max(0.0, start - earliest))
        earliest = min(earliest, start)
    return sorted(late)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--share", type=float, default=0.05, help="of them that loop for ever")
    parser.add_argument("--limit", type=float, default=5.0, help="seconds that a program has")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--python", default="/usr/bin/python3")
    args = parser.parse_args()

    n_loops = round(args.programs * args.share)
    loops = set(random.Random(1).sample(range(args.programs), n_loops))
    with tempfile.TemporaryDirectory() as folder:
        write_samples(folder, args.programs, loops)
        command = [f"{args.build}/bin/leti", "score", "--task=mbpp", "--json",
                   f"--problems={folder}/problems.jsonl", f"--replicas={args.workers}",
                   f"--set=timeout={args.limit}", f"--set=python={args.python}",
                   f"{folder}/samples.jsonl"]
        env = {**os.environ, "LETI_PLUGIN_PATH": f"{args.build}/lib/plugins"}
        start = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
        total = time.monotonic() - start
    lines = [json.loads(line) for line in done.stdout.splitlines()][:-1]
    lines.sort(key=lambda line: line["index"])
    wrong = [i for i, line in enumerate(lines)
             if line["reason"] != ("timeout" if i in loops else "exception")]
    if wrong or len(lines) != args.programs:
        sys.exit(f"loops: {len(lines)} verdicts; the wrong one for {wrong}")

    rest = [line["seconds"] for i, line in enumerate(lines) if i not in loops]
    looping = [line["seconds"] for i, line in enumerate(lines) if i in loops]
    best = (n_loops * args.limit + sum(rest)) / args.workers
    late = lateness(lines, loops)
    measure.table(
        [f"{args.programs} programs, {n_loops} of them loop, limit {args.limit:g} s, "
         f"{args.workers} workers", ""],
        [["total", f"{total:.2f} s"], ["at best", f"{best:.2f} s"],
         ["over that", f"{100 * (total / best - 1):.1f} %"],
         ["a loop took, at most", f"{max(looping):.3f} s"],
         ["another program took, median", f"{1e3 * statistics.median(rest):.2f} ms"],
         ["another program started late, median", f"{1e3 * statistics.median(late):.2f} ms"],
         ["99 % of them less than", f"{1e3 * late[len(late) * 99 // 100]:.2f} ms"],
         ["at most", f"{1e3 * late[-1]:.2f} ms"],
         ["how many by more than 0.1 s", str(sum(x > 0.1 for x in late))]])
    if late[-1] > args.limit / 2:
        sys.exit("loops: a program waited behind one that loops")
    if total > 1.1 * best + 2 * args.limit:
        sys.exit("loops: the loops cost more than their own slots")


main()
