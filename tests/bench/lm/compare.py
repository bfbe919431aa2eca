"""compare - LETI beside llama.cpp and PyTorch with transformers, alternately and in one run.

    compare.py FOLDER LETI [--rows NAME,...] [--rounds N] [--new N] [--calm S] [--json FILE]

FOLDER is what prepare.sh made, LETI the program. Each round of a row runs every contestant once,
in a process of its own and one after the other, so that what else the machine does meets all of
them; the medians of the rounds are compared, LETI's to the best of the others. Prints a table in
Markdown, with the share of the processors that programs other than these took meanwhile: threads
that wait for each other suffer from it out of proportion, so figures with more than a few percent
say little. --calm waits up to so many seconds before each run for a machine that does nothing
else. Needs nothing but Python 3.11.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


class Contestants:
    """How each program is run; every method gives a list of arguments."""

    def __init__(self, folder, leti, threads, new):
        self.folder, self.leti_program, self.threads = folder, leti, threads
        self.new = new  # tokens of a sample

    def leti(self, phase, precision="auto", **sizes):
        sizes = [f"--{name}={value}" for name, value in sizes.items()]
        model = f"{self.folder}/hf"
        once = ["--repeats=1", "--seconds=3600", "--json", f"--threads={self.threads}"]
        phase = [f"--phases={phase}", f"--precision={precision}", f"--max-tokens={self.new}"]
        return [self.leti_program, "model", "bench", model, *phase, *once, *sizes]

    def llama(self, kind, problems, samples, *options):
        work = [f"problems={problems}", f"samples={samples}", "rounds=1", f"new={self.new}"]
        model = f"{self.folder}/gguf/{kind}.gguf"
        program = f"{self.folder}/llama_decode"
        return [program, model, *work, f"threads={self.threads}", *options]

    def torch(self, what, *options):
        python = [f"{self.folder}/torch/bin/python", f"{HERE}/torch_bench.py"]
        once = ["--rounds=1", f"--threads={self.threads}", f"--new={self.new}"]
        return [*python, what, f"{self.folder}/hf", *once, *options]


def rows_of(c):
    """(name, what it says, LETI, others, how many times as fast LETI is to be)."""
    many = ["bf16", "q8_0", "q4_0_all"]
    generate64 = c.torch("generate", "--batch=64", "--samples=8")
    generate16 = c.torch("generate", "--batch=16", "--samples=2")
    half = {f"batches of {n}": ("mix", f"--batch={n}", f"--batches={32 // n}") for n in (8, 16)}
    mix = {name: c.torch(*options) for name, options in half.items()}
    decode64 = c.leti("decode", batch=64, samples=8)
    decode16 = c.leti("decode", batch=16, samples=2)
    decode1 = c.leti("decode", batch=1, precision="bf16")
    return [
        ("decode64", "64 samples at once, llama.cpp", decode64,
         {kind: c.llama(kind, 8, 8) for kind in many}, 1.3),
        ("decode16", "16 samples at once, llama.cpp", decode16,
         {kind: c.llama(kind, 8, 2) for kind in many}, 1.3),
        ("decode1", "one sequence, llama.cpp, bf16", decode1, {"bf16": c.llama("bf16", 1, 1)}, 1.0),
        ("decode1f32", "one sequence, llama.cpp, f32", c.leti("decode", batch=1, precision="f32"),
         {"f32": c.llama("f32", 1, 1)}, 1.0),
        ("generate64", "64 samples at once, transformers", decode64, {"bf16": generate64}, 4.0),
        ("generate16", "16 samples at once, transformers", decode16, {"bf16": generate16}, 4.0),
        ("generate1", "one sequence, transformers", decode1, {"bf16": c.torch("generate")}, 4.0),
        ("train", "training, 8 x 512 tokens, PyTorch", c.leti("train"),
         {"fused": c.torch("train"), "foreach": c.torch("train", "--adamw=foreach")}, 1.3),
        ("mix", "training, 60 to 512 tokens, PyTorch", c.leti("mix"), mix, 2.0),
    ]


def busy_seconds():
    """Of all processors since the machine started, and what our children had of it."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq = map(int, file.readline().split()[1:8])
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    return total, ours.ru_utime + ours.ru_stime


def wait_for_calm(seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = busy_seconds()[0]
        time.sleep(0.5)
        if busy_seconds()[0] - before < 0.05:
            return


def run(command):
    """The last JSON object that a command prints, and the share that others had of the machine."""
    total, ours = busy_seconds()
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    total_after, ours_after = busy_seconds()
    others = (total_after - total) - (ours_after - ours)
    took = (time.monotonic() - start) * os.cpu_count()
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        sys.exit(f"compare.py: {' '.join(command)}: status {done.returncode}: {said}")
    result = json.loads(lines[-1])
    result["others_share"] = max(others / took, 0.0)
    return result


def rate(result):
    """Tokens a second: of decoding, that is without the prompts, and of training."""
    return result.get("decode_tokens_per_second", result["tokens_per_second"])


def measure(row, rounds, calm):
    name, _, ours, others, _ = row
    contestants = {"LETI": ours, **others}
    results = {who: [] for who in contestants}
    for number in range(rounds):
        for who, command in contestants.items():
            wait_for_calm(calm)
            result = run(command)
            results[who].append(result)
            print(f"{name} {number + 1}/{rounds} {who}: {rate(result):.1f} tokens/s, others had "
                  f"{100 * result['others_share']:.0f} % of the machine", file=sys.stderr)
    return results


def show(row, results):
    medians = {who: statistics.median(map(rate, all)) for who, all in results.items()}
    ours = medians.pop("LETI")
    best = max(medians, key=medians.get)
    slowest, fastest = min(map(rate, results["LETI"])), max(map(rate, results["LETI"]))
    ratio = ours / medians[best]
    theirs = ", ".join(f"{who} {value:.1f}" for who, value in medians.items())
    others = 100 * max(result["others_share"] for all in results.values() for result in all)
    print(f"| {row[1]} | {ours:.1f} ({slowest:.1f} .. {fastest:.1f}) | {theirs} | {ratio:.2f} "
          f"| {row[4]} | {others:.0f} % |", flush=True)


def show_training(results):
    """What only LETI tells of itself: share of the machine's own peak, and memory."""
    share = statistics.median(result["share_of_peak"] for result in results["LETI"])
    ours = max(result["memory_bytes"] for result in results["LETI"]) / 2**30
    theirs = min(r["peak_mib"] for who, all in results.items() if who != "LETI" for r in all)
    print(f"\nA training step of 4,096 tokens reaches {100 * share:.0f} % of the peak that one "
          f"large product had in the same run, and takes {ours:.2f} GiB (PyTorch: "
          f"{theirs / 1024:.2f}).")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder")
    parser.add_argument("leti")
    parser.add_argument("--rows", default="", help="of them only these, such as decode64,train")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--new", type=int, default=128, help="tokens of a sample (128)")
    parser.add_argument("--calm", type=float, default=0, help="seconds to wait for a quiet machine")
    parser.add_argument("--json", help="write every round's result to this file")
    args = parser.parse_args()

    rows = rows_of(Contestants(args.folder, args.leti, args.threads, args.new))
    wanted = args.rows.split(",") if args.rows else [row[0] for row in rows]
    unknown = set(wanted) - {row[0] for row in rows}
    if unknown:
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(r[0] for r in rows)}")

    all_results = {}
    print("| what, against | LETI, tokens/s | theirs | ratio | at least | other programs |")
    print("|---|---:|---|---:|---:|---:|")
    for row in rows:
        if row[0] in wanted:
            all_results[row[0]] = measure(row, args.rounds, args.calm)
            show(row, all_results[row[0]])
    if "train" in all_results:
        show_training(all_results["train"])
    if args.json:
        with open(args.json, "w") as file:
            json.dump(all_results, file, indent=1)


main()
