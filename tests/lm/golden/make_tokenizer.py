#!/usr/bin/env python3
"""make_tokenizer.py - small tokenizers and what the `tokenizers` library makes of texts.

The reference that tokenizer_test.c holds the C tokenizer to. Trains BPE on modules of the
standard library, one tokenizer a family of models or a way of splitting, and writes beside this
file

    <name>/tokenizer.json   the tokenizers
    texts.json              texts, and of each the number and the hash of its ids per tokenizer:
                            special names as text, as tokens, and as tokens with what the
                            post-processor adds
    mbpp.txt                of each MBPP problem one hash per tokenizer (with --data FOLDER)
    humaneval.txt           the same of HumanEval

Usage: make_tokenizer.py [--data FOLDER]     needs: pip install tokenizers

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import ast
import gzip
import inspect
import json
import pathlib
import textwrap

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY = 640

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN = LLAMA3.replace("{1,3}", "")
CLASSES = r"\w+|[^\w\s]+|\s?\S|[\u4e00-\u9fa5]+"


def sequence(*parts):
    return pre_tokenizers.Sequence(list(parts))


def byte_level(prefix=False, regex=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)


# name: how it splits, and whether words that are tokens skip the merges
TOKENIZERS = {
    "gpt2": (byte_level(regex=True), False),
    "llama3": (sequence(pre_tokenizers.Split(Regex(LLAMA3), "isolated"), byte_level()), True),
    "digits": (sequence(pre_tokenizers.Digits(individual_digits=True),
                        byte_level(prefix=True, regex=True)), False),
    "classes": (sequence(pre_tokenizers.Split("::", "isolated"),
                         pre_tokenizers.Split(Regex(CLASSES), "isolated"),
                         pre_tokenizers.Digits(individual_digits=False), byte_level()), False),
    "qwen": (sequence(pre_tokenizers.Split(Regex(QWEN), "isolated"), byte_level()), False),
    "smollm": (sequence(pre_tokenizers.Digits(individual_digits=True), byte_level(regex=True)),
               False),
    "behaviors": (sequence(pre_tokenizers.Split("-", "merged_with_next"),
                           pre_tokenizers.Split(Regex(r"[.,]"), "merged_with_previous"),
                           pre_tokenizers.Split(Regex(r"\d"), "contiguous"),
                           pre_tokenizers.Split(Regex("x+"), "removed"),
                           pre_tokenizers.Split(Regex(r"\w+"), "isolated", invert=True),
                           byte_level()), False),
}

# Of characters: normalizer, pre-tokenizer, and whether decoding strips a space in front.
MARK = "\u2581"
CHARACTERS = {
    "llama2": (normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)]),
               None, True),
    "metaspace": (None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False), True),
    "gemma": (normalizers.Replace(" ", MARK), pre_tokenizers.Split(" ", "merged_with_previous"),
              False),
}

TEXTS = [
    "",
    " ",
    "\n",
    "x",
    "  two  spaces  ",
    "def add(a, b):\n    return a + b\n",
    "class Stack:\r\n\tdef __init__(self):\r\n\t\tself.items = []\r\n\r\n",
    "if x<=10 and not(y!=3.14159):\n        print(f'{x:>8.3f}', \"it's\", '''we'll''')\n",
    "[i**2 for i in range(1000000) if i%2==0]  # even squares\t\n\n\n",
    "I'LL SAY IT'S DON'T We'Ve they'rE I'm you'D \u2019s '\u017fo 'S 'T 'RE",
    "1234567890 12 345 6789 3.14e-10 0xdeadbeef 1_000_000 ½ ² Ⅷ ٣٤٥ 一二三 ௧௨",
    "<|endoftext|>",
    "a<|endoftext|>b <|good|><|good|> <|bad|>\n<|unknown|> <|endoftext|",
    "<|keep|>x <|keep|><|endoftext|><|keep",
    "    four     five      six\n        eight",
    "A::B::c :: d:::e",
    "Füße, Straße, naïve café, crème brûlée, Ångström, Łódź, Dvořák, İstanbul",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
    "דג סקרן שט בים מאוכזב ולפתע מצא חברה.",
    "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण",
    "நாடு விட்டு நாடு வந்து தமிழ் மொழி",
    "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
    "키스의 고유조건은 입술끼리 만나야 하고",
    "いろはにほへと ちりぬるを。カタカナ、漢字混じり文。",
    "天地玄黃，宇宙洪荒。日月盈昃，辰宿列張。龥龦",
    "🙂 👍🏽 👨‍👩‍👧‍👦 🇩🇪🇫🇷 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣",
    "e\u0301 n\u0303 \u0301lone \u200d\u200b\ufeff \u00ad",
    "\u00a0a\u1680b\u2003c\u2028d\u2029e\u202ff\u205fg\u3000h\u180ei\u0085j\u000bk\u000cl\u001cm",
    "\x00\x01\x7f\u0080\u009f\ud7fb\ue000\uffff\U00010000\U0010ffff",
    "a\u0300\u0301\u0302_b\u203fc ·d €1 ©2 ª3 µ4 º5 ß6 ÿ7",
    "\t\t\r\r\n\n \n \r\n  \t x\n  ",
    "<s>[INST] x </s><s> y</s> <unk><0x0A> <mask>,  <mask> x<mask>\t<word> a<word> <word>b _<word>",
    "\u2581a \u2581 \u2581\u2581b\n\n\n\n  \n\n c\u2581",
    "e\u0301\u0323 \u212b \u2126 \u1100\u1161\u11a8 \uc8c4\u11a7 \u0958 \ufb1d \u0344 a\u0345\u0301 a\u0301\u0898\u0323",
    "x-y--z -1 a,b..c, xx12x3xx \U0001f98a\u4e02\u9fa5",
    "\U00031d90(self) \u1c89.append \U000105c0_name \U00010d40_x ²_x ⓐ_x \u0897_x",  # younger ones
    "Traceback (most recent call last):\n  File \"<string>\", line 3, in <module>\nAssertionError\n",
    "a" * 300,
    " " * 300 + "x",
    "ab" * 200 + "c" * 77,
    "!?" * 150 + "\n" * 40,
    "\n" * 100 + "\t" * 100,
]


def fnv1a(value, ids):
    """64 bits over the ids as four little-endian bytes each."""
    for byte in b"".join(i.to_bytes(4, "little") for i in ids):
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def corpus():
    modules = (argparse, ast, inspect, json, pathlib, textwrap)
    return [inspect.getsource(m) for m in modules] + TEXTS


def starting_with(token, number):
    return processors.TemplateProcessing(single=f"{token} $A", special_tokens=[(token, number)])


def train(name, splitting, ignore_merges):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = splitting
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=["<|endoftext|>"],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                  show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.add_special_tokens(["<|good|>", "<|bad|>"])
    if name == "gpt2":  # tokens that are not special: some found before the others, some after
        tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in (8, 4, 2)])
        tokenizer.add_tokens([AddedToken("<|keep|>", normalized=False)])
    if name == "llama3":
        tokenizer.post_processor = starting_with("<|endoftext|>", 0)
    if name == "qwen":
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.add_tokens([AddedToken("\u212b", normalized=True)])
    if name == "smollm":  # as the original, it has not every byte
        tokenizer = without(tokenizer, ["\u0104", "\u0106", "\u00f1"])
    if name == "behaviors":
        tokenizer.add_tokens([AddedToken("<mask>", lstrip=True, normalized=False),
                              AddedToken("</s>", rstrip=True, normalized=False),
                              AddedToken("<word>", single_word=True, normalized=False),
                              AddedToken("def", single_word=True, lstrip=True, rstrip=True)])
    return tokenizer


def without(tokenizer, spellings):
    """The tokenizer less some tokens that no merge has."""
    document = json.loads(tokenizer.to_str())
    merged = {half for pair in document["model"]["merges"] for half in pair}
    vocab = [t for t in document["model"]["vocab"] if t not in spellings or t in merged]
    document["model"]["vocab"] = {t: i for i, t in enumerate(vocab)}
    for token in document["added_tokens"]:
        if token["content"] not in vocab:
            vocab.append(token["content"])
        token["id"] = vocab.index(token["content"])
    return Tokenizer.from_str(json.dumps(document))


def merges_by_rank(pieces, first):
    """All pairs of pieces that make a piece: those of first before the others, then the earlier
    pieces, and of one piece those with the longer left half. Scores that fall by one a piece
    give the same in `transformers`."""
    known, found = set(pieces) | set(first), []
    for rank, piece in enumerate(first + pieces):
        for cut in range(1, len(piece)):
            if piece[:cut] in known and piece[cut:] in known:
                late = 0 if rank < len(first) else rank
                found.append((late, -cut, -len(piece), rank, piece[:cut], piece[cut:]))
    return [(left, right) for *_, left, right in sorted(found)]


def train_characters(name, normalizer, splitting, strips):
    """Pieces as SentencePiece's BPE would have them: specials, bytes, runs, then the others."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY - 256, limit_alphabet=120,
                                  show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    alphabet = [p for p in pieces if len(p) == 1]
    pieces = [p for p in pieces if len(p) > 1]
    runs = [c * n for c in (MARK, "\n") for n in range(2, 8)] if name == "gemma" else []
    pieces = [p for p in pieces if p not in runs] + alphabet
    vocab = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + runs + pieces
    tokenizer = Tokenizer(models.BPE({p: i for i, p in enumerate(vocab)},
                                     merges_by_rank(pieces, runs), unk_token="<unk>",
                                     fuse_unk=True, byte_fallback=True))
    if normalizer:
        tokenizer.normalizer = normalizer
    if splitting:
        tokenizer.pre_tokenizer = splitting
    steps = [decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(steps + [decoders.Strip(" ", 1, 0)] * strips)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.add_tokens([AddedToken(run, normalized=False) for run in runs])
    tokenizer.add_special_tokens(["<|good|>", "<|bad|>"])
    tokenizer.post_processor = starting_with("<s>", 1)
    return tokenizer


def write_tokenizer(name, tokenizer):
    """Compact, and for gpt2 with merges as older files have them: "a b"."""
    document = json.loads(tokenizer.to_str())
    if name == "gpt2":
        document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
    path = HERE / name / "tokenizer.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n",
                    encoding="utf-8")
    return Tokenizer.from_file(str(path))


def ids_of(tokenizer, text, specials, post=False):
    tokenizer.encode_special_tokens = not specials
    return tokenizer.encode(text, add_special_tokens=post).ids


def golden_of(tokenizer, text):
    result = []
    for specials, post in ((False, False), (True, False), (True, True)):
        ids = ids_of(tokenizer, text, specials, post)
        result += [len(ids), f"{fnv1a(0xCBF29CE484222325, ids):016x}"]
    return result


def write_texts(tokenizers):
    rows = [{"text": text, **{name: golden_of(t, text) for name, t in tokenizers.items()}}
            for text in TEXTS]
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    (HERE / "texts.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def write_set(tokenizers, name, rows):
    """rows: of each problem its name and its texts."""
    lines = ["# problem, then the hash of the ids of its texts by tokenizer: " + " ".join(tokenizers)]
    for problem, texts in rows:
        hashes = []
        for tokenizer in tokenizers.values():
            value = 0xCBF29CE484222325
            for text in texts:
                value = fnv1a(value, ids_of(tokenizer, text, False))
            hashes.append(f"{value:016x}")
        lines.append(" ".join([str(problem), *hashes]))
    (HERE / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def mbpp(path):
    for row in map(json.loads, open(path, encoding="utf-8")):
        yield row["task_id"], [row["text"], row["code"], *row["test_list"]]


def humaneval(path):
    for row in map(json.loads, gzip.open(path, "rt", encoding="utf-8")):
        yield row["task_id"], [row["prompt"], row["canonical_solution"], row["test"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path,
                        help="folder of mbpp.jsonl and HumanEval.jsonl.gz; without it their files "
                        "stay as they are")
    arguments = parser.parse_args()
    tokenizers = {name: write_tokenizer(name, train(name, *how))
                  for name, how in TOKENIZERS.items()}
    tokenizers |= {name: write_tokenizer(name, train_characters(name, *how))
                   for name, how in CHARACTERS.items()}
    write_texts(tokenizers)
    if arguments.data:
        write_set(tokenizers, "mbpp", mbpp(arguments.data / "mbpp.jsonl"))
        write_set(tokenizers, "humaneval", humaneval(arguments.data / "HumanEval.jsonl.gz"))


if __name__ == "__main__":
    main()
