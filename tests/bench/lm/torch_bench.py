"""torch_bench - how fast PyTorch and transformers sample and train, at settings one chooses.

    torch_bench.py generate MODEL [--batch N] [--samples N] [--cache dynamic|static] [--compile]
    torch_bench.py train MODEL [--sequences N] [--length N] [--adamw fused|foreach|loop]
    torch_bench.py mix MODEL [--sequences N]

MODEL is a Hugging Face folder. Prints one JSON object a round. `generate` is model.generate in
bf16, drawing at temperature 1 to the full length; the first token is timed apart. `train` is
forward, backward and AdamW with f32 weights under bf16 autocast. `mix` is the same on 64 sequences
of 60 to 512 tokens, as evenly spread as their logarithms and in random order, padded to the longest
of their batch as LETI's reference collator does; only tokens that are not padding count.

pip install torch transformers

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import random
import resource
import time

import torch
from transformers import AutoModelForCausalLM


def load(path, dtype):
    model = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, attn_implementation="sdpa")
    model.generation_config.eos_token_id = None
    return model


def report(**fields):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**fields, "peak_mib": peak // 1024}), flush=True)


def generate(args):
    model = load(args.model, getattr(torch, args.dtype)).eval()
    how = {"do_sample": not args.greedy, "temperature": 1.0, "top_k": 0, "top_p": 1.0}
    if args.greedy:
        how = {"do_sample": False}
    if args.cache == "static":
        how["cache_implementation"] = "static"
    if not args.compile:
        how["disable_compile"] = True
    problems = max(args.batch // args.samples, 1)
    for round_number in range(args.rounds):
        torch.manual_seed(round_number)
        prompt = torch.randint(3, model.config.vocab_size, (problems, args.prompt))
        took = []
        for new in (1, args.new):
            start = time.perf_counter()
            with torch.inference_mode():
                out = model.generate(
                    prompt,
                    attention_mask=torch.ones_like(prompt),
                    num_return_sequences=args.batch // problems,
                    min_new_tokens=new,
                    max_new_tokens=new,
                    pad_token_id=0,
                    **how,
                )
            took.append(time.perf_counter() - start)
            assert out.shape == (args.batch, args.prompt + new)
        report(
            what="generate",
            sequences=args.batch,
            dtype=args.dtype,
            cache=args.cache,
            compile=args.compile,
            first_token_s=round(took[0], 3),
            decode_tokens_per_second=args.batch * (args.new - 1) / (took[1] - took[0]),
            tokens_per_second=args.batch * args.new / took[1],
        )


def optimizer(model, kind):
    kinds = {"fused": {"fused": True}, "foreach": {"foreach": True}, "loop": {"foreach": False}}
    return torch.optim.AdamW(model.parameters(), lr=1e-5, **kinds[kind])


def mix(n, shortest=60, longest=512):
    """Lengths as `leti model bench` lays them out, in random order."""
    lengths = [round(longest * (shortest / longest) ** (i / (n - 1))) for i in range(n)]
    random.Random(1).shuffle(lengths)
    return lengths


def padded(lengths, vocabulary):
    """A batch as the collator makes it: padding that attention and loss leave out."""
    tokens = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    mask, labels = torch.zeros_like(tokens), torch.full_like(tokens, -100)
    for row, n in enumerate(lengths):
        tokens[row, :n] = torch.randint(3, vocabulary, (n,))
        mask[row, :n] = 1
        labels[row, :n] = tokens[row, :n]
    full = min(lengths) == max(lengths)
    return {"input_ids": tokens, "attention_mask": None if full else mask, "labels": labels}


def train(args, lengths, batch):
    model = load(args.model, torch.float32).train()
    model.config.use_cache = False
    adamw = optimizer(model, args.adamw)
    run = torch.compile(model) if args.compile else model
    torch.manual_seed(0)

    def step(inputs):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not args.f32):
            loss = run(**inputs).loss
        loss.backward()
        adamw.step()
        adamw.zero_grad(set_to_none=True)
        return loss.item()

    step(padded(lengths[:2], model.config.vocab_size))  # AdamW's memory, and the threads
    batches = [lengths[i : i + batch] for i in range(0, len(lengths), batch)]
    batches = batches[: args.batches] if args.batches else batches
    for _ in range(args.rounds):
        inputs = [padded(group, model.config.vocab_size) for group in batches]
        start = time.perf_counter()
        for each in inputs:
            step(each)
        took = time.perf_counter() - start
        tokens = sum(map(sum, batches))
        report(
            what=args.what,
            sequences=len(lengths),
            batch=batch,
            adamw=args.adamw,
            compile=args.compile,
            tokens=tokens,
            padding=round(1 - tokens / sum(len(g) * max(g) for g in batches), 3),
            seconds=round(took, 3),
            tokens_per_second=tokens / took,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["generate", "train", "mix"])
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--batch", type=int, default=0, help="1 for generate, 8 for mix")
    parser.add_argument("--samples", type=int, default=8, help="generate: of one prompt")
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--new", type=int, default=128)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--cache", choices=["dynamic", "static"], default="dynamic")
    parser.add_argument("--greedy", action="store_true")
    parser.add_argument("--sequences", type=int, default=0, help="8 for train, 64 for mix")
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--adamw", choices=["fused", "foreach", "loop"], default="fused")
    parser.add_argument("--f32", action="store_true", help="train: without autocast")
    parser.add_argument("--batches", type=int, default=0, help="mix: only so many of them")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.what == "generate":
        args.batch = args.batch or 1
        generate(args)
    elif args.what == "train":
        n = args.sequences or 8
        train(args, [args.length] * n, n)
    else:
        train(args, mix(args.sequences or 64), args.batch or 8)


main()
