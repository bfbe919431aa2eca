"""life - what the jail adds to the life of one program.

    life.py BUILD [--data FILE] [--python PATH] [--rounds N] [--calm S]

A program's life, from before it is begun until its end is known:

    plain     fork of an interpreter that has imported the modules, compile, run, waitpid; no jail
    process   evaluator.python with isolation = "process": limits and the filter
    jail      evaluator.python with all of its jail

Of two sorts of programs, one after the other: `pass`, a thousand times, and the reference solutions
of MBPP with their tests. The latter two are timed around the call of the plugin (bench_eval). In
turns; the figures are over all rounds. Needs nothing but Python 3.11.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile

import measure

HERE = os.path.dirname(os.path.abspath(__file__))


def preloaded(build, env):
    """The modules that the evaluator imports by default."""
    said = subprocess.run([f"{build}/bin/leti", "inspect", "evaluator.python"], check=True,
                          capture_output=True, text=True, env=env).stdout
    return re.findall(r'"(\w+)"', re.search(r"preload = \{(.*?)\}", said, re.DOTALL).group(1))


def write_rows(folder, name, rows):
    """The same texts for both: as MBPP has them, and whole."""
    with open(f"{folder}/{name}.rows", "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    with open(f"{folder}/{name}.texts", "w") as file:
        for row in rows:
            text = (f'"""\n{row["text"]}\n{row["test_list"][0]}\n"""\n{row["code"]}\n'
                    f'{row["test_setup_code"]}\n' + "\n".join(row["test_list"]) + "\n")
            file.write(json.dumps({"task_id": str(row["task_id"]), "text": text}) + "\n")


def seconds_of(text):
    objects = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    if "failed" in objects[-1]:
        assert not objects[-1]["failed"], objects[-1]["failed"]
        return list(objects[-1]["seconds"].values())
    return [o["seconds"] for o in objects]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--data", default=os.environ.get("LETI_DATA", ".") + "/mbpp.jsonl")
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calm", type=float, default=0, help="seconds to wait for a quiet machine")
    args = parser.parse_args()

    env = {**os.environ, "LETI_PLUGIN_PATH": f"{args.build}/lib/plugins"}
    with open(args.data) as file:
        mbpp = [json.loads(line) for line in file]
    one = {"text": "", "code": "pass", "test_setup_code": "", "test_list": ["pass"]}
    sorts = {"pass": [{**one, "task_id": i} for i in range(1000)], "mbpp": mbpp}
    modules = preloaded(args.build, env)
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        for sort, rows in sorts.items():
            write_rows(folder, sort, rows)
        for _ in range(args.rounds):
            for sort in sorts:
                bench = [f"{args.build}/tests/jail/bench_eval", "--json", f"{folder}/{sort}.rows",
                         "timeout=20", f"python={args.python}"]
                commands = {
                    "plain": [args.python, "-s", "-B", f"{HERE}/plain_side.py", "fork",
                              f"{folder}/{sort}.texts", *modules],
                    "process": [*bench, "isolation=process"],
                    "jail": bench,
                }
                for how, command in commands.items():
                    text, _ = measure.run(command, args.calm, env)
                    times.setdefault((sort, how), []).extend(seconds_of(text))
    rows = []
    for (sort, how), all_seconds in times.items():
        all_seconds.sort()
        middle = 1e3 * statistics.median(all_seconds)
        high = 1e3 * all_seconds[len(all_seconds) * 99 // 100]
        if how == "plain":
            plain = middle, high
        rows.append([f"{sort}, {how}", f"{middle:.2f}", f"{high:.2f}", f"{middle - plain[0]:.2f}",
                     f"{high - plain[1]:.2f}"])
    measure.table(["program, how", "median, ms", "99 % below, ms", "added to the median, ms",
                   "added to the 99 %, ms"], rows)


main()
