#!/usr/bin/env python3
"""seeds.py GOLDEN OUT - small files of each kind that the fuzz targets start from.

What is hard to guess is in them (the 256 bytes of a vocabulary, the layout of each type of
tensor), so that a mutation gets past the first check.

SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import struct
import sys


def put(folder, name, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


# ---- safetensors ----

def safetensors(header, data):
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors_seeds(out):
    def one(dtype, shape, begin, end):
        return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}

    put(out, "empty", safetensors({}, b""))
    put(out, "three", safetensors({
        "__metadata__": {"format": "pt"}, "a": one("F32", [2, 2], 0, 16),
        "b": one("F16", [3], 16, 22), "c": one("BF16", [1, 1, 2], 22, 26)}, bytes(range(26))))
    put(out, "scalar", safetensors({"s": one("F32", [], 0, 4), "z": one("F32", [0, 7], 4, 4)},
                                   b"\x00\x00\x80\x3f"))


# ---- tokenizer.json ----

def byte_alphabet():
    """The characters that byte-level BPE writes the bytes 0 .. 255 as."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(others)) for b in range(256)]


TEXT = "def f(x):\n    return x <|good|> 1234 \u00e9\u4e2d\U0001f600\r\n\t'll".encode() + b"\xff\xc3"


def byte_level(splits, **others):
    vocab = {c: i for i, c in enumerate(byte_alphabet())}
    merges = ["e r", "\u0120 \u0120", "r e", "re t"]
    for merge in merges:
        vocab[merge.replace(" ", "")] = len(vocab)
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
               "special": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": len(vocab), "content": "<|good|>", **special}],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            *splits, {"type": "ByteLevel", "add_prefix_space": False, "use_regex": not splits}]},
        "post_processor": None, "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "byte_fallback": False,
                  "ignore_merges": False, "vocab": vocab, "merges": merges}, **others}


def spelled(normalizers, pre_tokenizer):
    """What was SentencePiece: spaces are U+2581, unknown characters are bytes."""
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    pieces += ["\u2581", "d", "e", "f", "de", "def", "\u2581def", "x"]
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": pieces[i], "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True}
                         for i in range(3)],
        "normalizer": {"type": "Sequence", "normalizers": normalizers},
        "pre_tokenizer": pre_tokenizer, "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "fuse_unk": True,
                  "byte_fallback": True, "ignore_merges": False,
                  "vocab": {piece: i for i, piece in enumerate(pieces)},
                  "merges": [["d", "e"], ["de", "f"], ["\u2581", "def"]]}}


def tokenizers():
    def split(regex):
        return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated",
                "invert": False}

    yield "gpt2", byte_level([])
    yield "digits", byte_level([{"type": "Digits", "individual_digits": True}])
    yield "llama3", byte_level([split(
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
        " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")])
    yield "literal", byte_level([{"type": "Split", "pattern": {"String": "re"},
                                  "behavior": "Isolated", "invert": False}])
    yield "nfc", byte_level([split("\\p{L}+|\\s")], normalizer={"type": "NFC"})
    space = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    yield "llama2", spelled([{"type": "Prepend", "prepend": "\u2581"}, space], None)
    yield "gemma", spelled([space], {"type": "Split", "pattern": {"String": " "},
                                     "behavior": "MergedWithPrevious", "invert": False})


def tokenizer_seeds(out):
    for name, document in tokenizers():
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        put(out, name, text.encode() + b"\0" + TEXT)


# ---- config.json ----

def config(**fields):
    return {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "intermediate_size": 48, "vocab_size": 64,
            "max_position_embeddings": 128, "rms_norm_eps": 1e-5, "hidden_act": "silu",
            "bos_token_id": 1, "eos_token_id": [2, 3], "tie_word_embeddings": True, **fields}


CONFIGS = {
    "llama": config(model_type="llama", architectures=["LlamaForCausalLM"], rope_theta=10000.0),
    "llama3": config(model_type="llama", architectures=["LlamaForCausalLM"], rope_theta=5e5,
                     rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                                   "high_freq_factor": 4.0,
                                   "original_max_position_embeddings": 64}),
    "linear": config(model_type="llama", rope_scaling={"type": "linear", "factor": 2.0}),
    "yarn": config(model_type="qwen2", rope_scaling={
        "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}),
    "qwen2": config(model_type="qwen2", architectures=["Qwen2ForCausalLM"], rope_theta=1e6,
                    use_sliding_window=False, sliding_window=64, max_window_layers=2),
    "qwen3": config(model_type="qwen3", architectures=["Qwen3ForCausalLM"], head_dim=16,
                    attention_bias=False),
    "gemma3": config(model_type="gemma3_text", architectures=["Gemma3ForCausalLM"], head_dim=16,
                     hidden_activation="gelu_pytorch_tanh", query_pre_attn_scalar=16,
                     rope_local_base_freq=1e4, sliding_window=16, sliding_window_pattern=6,
                     layer_types=["sliding_attention", "full_attention"]),
    "gpt2": {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 32,
             "n_layer": 2, "n_head": 4, "n_inner": None, "n_positions": 64, "n_ctx": 64,
             "vocab_size": 64, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
             "bos_token_id": 1, "eos_token_id": 1},
    "codegen": {"model_type": "codegen", "architectures": ["CodeGenForCausalLM"], "n_embd": 32,
                "n_layer": 2, "n_head": 4, "n_inner": None, "n_positions": 64, "rotary_dim": 4,
                "vocab_size": 64, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
                "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 1},
    "gptj": {"model_type": "gptj", "architectures": ["GPTJForCausalLM"], "n_embd": 32,
             "n_layer": 2, "n_head": 4, "n_positions": 64, "rotary_dim": 4, "vocab_size": 64,
             "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
             "tie_word_embeddings": False},
}


def config_seeds(out, golden):
    for name, fields in CONFIGS.items():
        put(out, name, json.dumps(fields, separators=(",", ":")).encode())
    for path in sorted(golden.glob("*/config.json")):
        put(out, "golden-" + path.parent.name, path.read_bytes())


# ---- GGUF ----

U32, F32, BOOL, TEXT_TYPE, ARRAY, U64, I32 = 4, 6, 7, 8, 9, 10, 5


def gguf_text(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def gguf_value(kind, value):
    if kind == TEXT_TYPE:
        return gguf_text(value)
    if kind == ARRAY:
        inner, items = value
        return struct.pack("<IQ", inner, len(items)) + b"".join(
            gguf_value(inner, item) for item in items)
    return struct.pack({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?", U64: "<Q"}[kind], value)


# Number of each type in GGUF, elements of a block, bytes of a block.
BLOCKS = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q4_0": (2, 32, 18), "Q4_1": (3, 32, 20),
          "Q5_0": (6, 32, 22), "Q5_1": (7, 32, 24), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144),
          "Q5_K": (13, 256, 176), "Q6_K": (14, 256, 210), "BF16": (30, 1, 2)}


def gguf(fields, tensors, alignment=32):
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    for key, (kind, value) in fields.items():
        out += gguf_text(key) + struct.pack("<I", kind) + gguf_value(kind, value)
    data = b""
    for name, (dtype, dims) in tensors.items():
        number, block, size = BLOCKS[dtype]
        data += b"\0" * (-len(data) % alignment)
        out += gguf_text(name) + struct.pack("<I", len(dims))
        out += b"".join(struct.pack("<Q", d) for d in dims)
        out += struct.pack("<IQ", number, len(data))
        n = 1
        for d in dims:
            n *= d
        data += bytes(i * 37 % 251 for i in range(n // block * size))
    return out + b"\0" * (-len(out) % alignment) + data


def gguf_shape(architecture, **more):
    a = architecture
    fields = {
        "general.architecture": (TEXT_TYPE, a), f"{a}.block_count": (U32, 1),
        f"{a}.context_length": (U32, 64), f"{a}.embedding_length": (U32, 32),
        f"{a}.feed_forward_length": (U32, 64), f"{a}.attention.head_count": (U32, 2),
        f"{a}.attention.head_count_kv": (U32, 1), f"{a}.attention.layer_norm_epsilon": (F32, 1e-5),
        f"{a}.attention.layer_norm_rms_epsilon": (F32, 1e-5), f"{a}.rope.freq_base": (F32, 1e4),
        f"{a}.rope.dimension_count": (U32, 16)}
    return {**fields, **{f"{a}.{key}": value for key, value in more.items()}}


ARCHITECTURES = {
    "llama": {"rope.scaling.type": (TEXT_TYPE, "linear"), "rope.scaling.factor": (F32, 2.0)},
    "qwen2": {"rope.scaling.type": (TEXT_TYPE, "yarn"), "rope.scaling.factor": (F32, 4.0),
              "rope.scaling.original_context_length": (U32, 16)},
    "qwen3": {"attention.key_length": (U32, 16), "attention.value_length": (U32, 16)},
    "gemma3": {"attention.key_length": (U32, 16), "attention.sliding_window": (U32, 16)},
    "gpt2": {"attention.head_count_kv": (U32, 2)},
}


def gguf_model(architecture, tokens, **more):
    return {
        **gguf_shape(architecture), "general.alignment": (U32, 32),
        "tokenizer.ggml.tokens": (ARRAY, (TEXT_TYPE, tokens)),
        "tokenizer.ggml.bos_token_id": (U32, 1), "tokenizer.ggml.eos_token_id": (U32, 2),
        "tokenizer.ggml.add_bos_token": (BOOL, False), **more}


def gguf_seeds(out):
    put(out, "empty", gguf({}, {}))
    for dtype, (_, block, _) in BLOCKS.items():
        put(out, dtype.lower(), gguf({"general.architecture": (TEXT_TYPE, "llama")},
                                     {"token_embd.weight": (dtype, [block, 2])}))
    put(out, "fields", gguf({
        "general.alignment": (U32, 64), "u": (U64, 1 << 40), "b": (BOOL, True),
        "a": (ARRAY, (U32, [1, 2])), "s": (ARRAY, (TEXT_TYPE, ["a", ""]))},
        {"x": ("F32", [2, 3]), "y": ("F16", [5])}, alignment=64))
    put(out, "nested", gguf({"a": (ARRAY, (ARRAY, [(U32, [1, 2]), (U32, [])]))}, {}))
    for architecture, more in ARCHITECTURES.items():
        put(out, architecture, gguf(gguf_shape(architecture, **more),
                                    {"token_embd.weight": ("F16", [32, 2])}))
    alphabet = byte_alphabet() + ["<|good|>", "er", "\u0120\u0120"]
    put(out, "bpe", gguf(gguf_model(
        "llama", alphabet, **{
            "tokenizer.ggml.model": (TEXT_TYPE, "gpt2"), "tokenizer.ggml.pre": (TEXT_TYPE, "smollm"),
            "tokenizer.ggml.token_type": (ARRAY, (I32, [1] * 256 + [3, 1, 1])),
            "tokenizer.ggml.merges": (ARRAY, (TEXT_TYPE, ["e r", "\u0120 \u0120"]))}), {}))
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    pieces += ["\u2581", "d", "e", "de"]
    put(out, "spm", gguf(gguf_model(
        "gemma3", pieces, **{
            "tokenizer.ggml.model": (TEXT_TYPE, "llama"),
            "tokenizer.ggml.token_type": (ARRAY, (I32, [2, 3, 3] + [6] * 256 + [1] * 4)),
            "tokenizer.ggml.scores": (ARRAY, (F32, [-float(i) for i in range(len(pieces))]))}),
        {}))


def main():
    golden, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    safetensors_seeds(out / "safetensors")
    tokenizer_seeds(out / "tokenizer")
    config_seeds(out / "config", golden)
    gguf_seeds(out / "gguf")


if __name__ == "__main__":
    main()
