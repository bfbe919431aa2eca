# tiny_codegen.py FOLDER - a CodeGen of some thousand random parameters, with bytes for tokens.
# It mostly ends a text after a few of them, so that longest lengths may be what they like.
# SPDX-License-Identifier: Apache-2.0
import json
import random
import struct
import sys

END, WIDTH, HEADS, INNER, POSITIONS = 256, 16, 4, 32, 16384
TEXTS_END = 5.0  # logit of the end of text; those of bytes are near 0


def tokenizer():
    # Bytes as printable characters, as every byte-level tokenizer has them.
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    characters = {byte: chr(byte) for byte in plain}
    characters.update({byte: chr(256 + i) for i, byte in enumerate(others)})
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
             "use_regex": True}
    end = {"id": END, "content": "<|endoftext|>", "single_word": False, "lstrip": False,
           "rstrip": False, "normalized": False, "special": True}
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
             "vocab": {characters[byte]: byte for byte in range(256)}, "merges": []}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [end],
            "normalizer": None, "pre_tokenizer": level, "post_processor": None, "decoder": level,
            "model": model}


CONFIG = {"architectures": ["CodeGenForCausalLM"], "model_type": "codegen", "vocab_size": END + 1,
          "n_embd": WIDTH, "n_head": HEADS, "n_inner": INNER, "n_layer": 1, "rotary_dim": 4,
          "n_positions": POSITIONS, "n_ctx": POSITIONS, "activation_function": "gelu_new",
          "layer_norm_epsilon": 1e-05, "bos_token_id": END, "eos_token_id": END,
          "tie_word_embeddings": False}

LAYER = "transformer.h.0."
SHAPES = {
    "transformer.wte.weight": [END + 1, WIDTH],
    LAYER + "ln_1.weight": [WIDTH],
    LAYER + "ln_1.bias": [WIDTH],
    LAYER + "attn.qkv_proj.weight": [3 * WIDTH, WIDTH],
    LAYER + "attn.out_proj.weight": [WIDTH, WIDTH],
    LAYER + "mlp.fc_in.weight": [INNER, WIDTH],
    LAYER + "mlp.fc_in.bias": [INNER],
    LAYER + "mlp.fc_out.weight": [WIDTH, INNER],
    LAYER + "mlp.fc_out.bias": [WIDTH],
    "transformer.ln_f.weight": [WIDTH],
    "transformer.ln_f.bias": [WIDTH],
    "lm_head.weight": [END + 1, WIDTH],
    "lm_head.bias": [END + 1],
}


def values(name, shape):
    size = shape[0] * (shape[1] if len(shape) > 1 else 1)
    if name == "lm_head.bias":
        return [0.0] * END + [TEXTS_END]
    if len(shape) == 1:
        return [1.0 if "ln" in name and "weight" in name else 0.0] * size
    return [random.gauss(0, 0.02) for _ in range(size)]


def weights():
    header, data = {}, b""
    for name, shape in SHAPES.items():
        numbers = values(name, shape)
        packed = struct.pack(f"<{len(numbers)}f", *numbers)
        offsets = [len(data), len(data) + len(packed)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
        data += packed
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


random.seed(1)
folder = sys.argv[1]
for name, content in (("tokenizer.json", tokenizer()), ("config.json", CONFIG)):
    with open(f"{folder}/{name}", "w") as file:
        json.dump(content, file)
with open(f"{folder}/model.safetensors", "wb") as file:
    file.write(weights())
