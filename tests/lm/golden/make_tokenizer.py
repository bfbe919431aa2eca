#!/usr/bin/env python3
"""make_tokenizer.py - small tokenizers and what the `tokenizers` library makes of texts.

The reference that tokenizer_test.c holds the C tokenizer to. Trains byte-level BPE on modules of
the standard library, one tokenizer a way of splitting, and writes beside this file

    <name>/tokenizer.json   the tokenizers
    texts.json              texts, and of each the number and the hash of its ids per tokenizer
    mbpp.txt                of each MBPP problem one hash per tokenizer (with --mbpp FILE)

Usage: make_tokenizer.py [--mbpp mbpp.jsonl]     needs: pip install tokenizers

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import ast
import inspect
import json
import pathlib
import textwrap

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors,
                        trainers)

HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY = 640

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
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


def train(name, splitting, ignore_merges):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = splitting
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=["<|endoftext|>"],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                  show_progress=False)
    modules = (argparse, ast, inspect, json, pathlib, textwrap)
    tokenizer.train_from_iterator([inspect.getsource(m) for m in modules] + TEXTS, trainer)
    tokenizer.add_special_tokens(["<|good|>", "<|bad|>"])
    if name == "gpt2":  # tokens that are not special: some found before the others, some after
        tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in (8, 4, 2)])
        tokenizer.add_tokens([AddedToken("<|keep|>", normalized=False)])
    if name == "llama3":
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)])
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


def ids_of(tokenizer, text, specials):
    tokenizer.encode_special_tokens = not specials
    return tokenizer.encode(text, add_special_tokens=False).ids


def golden_of(tokenizer, text):
    result = []
    for specials in (False, True):
        ids = ids_of(tokenizer, text, specials)
        result += [len(ids), f"{fnv1a(0xCBF29CE484222325, ids):016x}"]
    return result


def write_texts(tokenizers):
    rows = [{"text": text, **{name: golden_of(t, text) for name, t in tokenizers.items()}}
            for text in TEXTS]
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    (HERE / "texts.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def write_mbpp(tokenizers, path):
    lines = ["# task_id, then the hash of the ids of text, code and test_list by tokenizer: "
             + " ".join(tokenizers)]
    for row in map(json.loads, open(path, encoding="utf-8")):
        hashes = []
        for tokenizer in tokenizers.values():
            value = 0xCBF29CE484222325
            for text in [row["text"], row["code"], *row["test_list"]]:
                value = fnv1a(value, ids_of(tokenizer, text, False))
            hashes.append(f"{value:016x}")
        lines.append(" ".join([str(row["task_id"]), *hashes]))
    (HERE / "mbpp.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mbpp", help="mbpp.jsonl; without it mbpp.txt stays as it is")
    arguments = parser.parse_args()
    tokenizers = {name: write_tokenizer(name, train(name, *how))
                  for name, how in TOKENIZERS.items()}
    write_texts(tokenizers)
    if arguments.mbpp:
        write_mbpp(tokenizers, arguments.mbpp)


if __name__ == "__main__":
    main()
