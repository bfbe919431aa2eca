#!/usr/bin/env python3
"""make_gguf_model.py - golden numbers of real models in GGUF files: greedy continuations and logits.

    make_gguf_model.py FILE.gguf NAME

`transformers` reads and dequantises the file itself and computes in f32. Made with Python 3.11.7,
torch 2.15.0, transformers 5.23.0, gguf 0.19.0, accelerate 1.15.0. It writes gguf/NAME.json (prompts, their
tokens, the 64 that follow) and gguf/NAME.safetensors (logits of the prompts' positions, every so-many-th
token of the vocabulary).

SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

CONTINUED = 64  # tokens
SHOWN = 64  # logits of a position

PROMPTS = [
    "def add(a, b):\n    return",
    "The capital of France is",
    "import numpy as np\n\ndef softmax(x):\n",
    "<|im_start|>user\nWhat is gravity?<|im_end|>\n<|im_start|>assistant\n",
    "Write a function to find the n-th prime number.\n\n```python\n",
    "Es war einmal ein K\u00f6nig, der",
    "1, 1, 2, 3, 5, 8, 13,",
    "\u65e5\u672c\u306e\u9996\u90fd\u306f",
    "Once upon a time, in a small village by the sea, there lived an old fisherman who",
    "{\"name\": \"Ada\", \"born\": 1815, \"field\":",
]


def continue_greedily(model, tokens):
    """The tokens, and how near the second was at the tightest step."""
    out = model(torch.tensor([tokens]), use_cache=True)
    ids, margin = [], float("inf")
    for _ in range(CONTINUED):
        best = torch.topk(out.logits[0, -1], 2)
        margin = min(margin, float(best.values[0] - best.values[1]))
        ids.append(int(best.indices[0]))
        out = model(torch.tensor([ids[-1:]]), past_key_values=out.past_key_values, use_cache=True)
    return ids, margin


@torch.no_grad()
def main():
    source, name = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    here = pathlib.Path(__file__).resolve().parent / "gguf"
    model = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32,
                                                 attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    stride = model.config.vocab_size // SHOWN
    prompts, logits = [], []
    for text in PROMPTS:
        tokens = tokenizer(text).input_ids
        logits.append(model(torch.tensor([tokens])).logits[0, :, :SHOWN * stride:stride])
        greedy, margin = continue_greedily(model, tokens)
        prompts.append({"text": text, "tokens": tokens, "greedy": greedy})
        print(f"{margin:.4f} {len(tokens):3} {tokenizer.decode(greedy)!r}")
    lines = ",\n".join("  " + json.dumps(p) for p in prompts)
    (here / f"{name}.json").write_text(f'{{"stride": {stride}, "prompts": [\n{lines}\n]}}\n')
    save_file({"logits": torch.cat(logits).contiguous()}, here / f"{name}.safetensors")


if __name__ == "__main__":
    main()
