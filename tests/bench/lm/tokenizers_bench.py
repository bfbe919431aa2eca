#!/usr/bin/env python3
"""tokenizers_bench.py - ids and speed of tokenizer_bench beside the `tokenizers` library.

Takes Python sources of this machine, MEGABYTES of them, and encodes each as one text with both, on
one thread each, in turns. The ids must be the same. Prints a row of a Markdown table a model.

Usage: tokenizers_bench.py BUILD FOLDER...      FOLDER: with a tokenizer.json
Needs: pip install tokenizers

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import sysconfig
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import Tokenizer  # noqa: E402

MEGABYTES = 10
ROUNDS = 3


def sources():
    """Paths and texts, the same ones on one machine."""
    roots = [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")]
    files = sorted({p for root in roots for p in pathlib.Path(root).rglob("*.py")})
    random.Random(1).shuffle(files)
    size, found = 0, []
    for path in files:
        try:
            text = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if text and size < MEGABYTES * 1_000_000:
            found.append((str(path), text))
            size += len(text.encode())
    return found


def theirs(tokenizer, texts):
    tokenizer.encode_special_tokens = True
    start = time.perf_counter()
    encoded = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
    took = time.perf_counter() - start
    return took, b"".join(i.to_bytes(4, "little") for e in encoded for i in e.ids)


def ours(build, folder, paths):
    with tempfile.NamedTemporaryFile() as ids:
        command = [str(build / "tests/bench/tokenizer_bench"), str(folder), ids.name, *paths]
        line = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        return line, pathlib.Path(ids.name).read_bytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folders", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    found = sources()
    paths, texts = [p for p, _ in found], [t for _, t in found]
    same = True
    print(f"{len(texts)} texts, {sum(len(t.encode()) for t in texts)} bytes")
    print("| tokenizer | LETI, MB/s | tokenizers, MB/s | ratio | same ids |\n|---|---:|---:|---:|---|")
    for folder in arguments.folders:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        best = {}
        for _ in range(ROUNDS):
            line, our_ids = ours(arguments.build, folder, paths)
            took, their_ids = theirs(tokenizer, texts)
            best["ours"] = max(best.get("ours", 0), line["MB/s"])
            best["theirs"] = max(best.get("theirs", 0), line["bytes"] / took / 1e6)
        same = same and our_ids == their_ids
        print(f"| {folder.name} | {best['ours']:.1f} | {best['theirs']:.2f} | "
              f"{best['ours'] / best['theirs']:.1f} | {'yes' if our_ids == their_ids else 'NO'} |",
              flush=True)
    sys.exit(not same)


if __name__ == "__main__":
    main()
