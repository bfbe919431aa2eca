# tiny_codegen.py FOLDER - config and byte-level tokenizer of a CodeGen of some thousand parameters.
# SPDX-License-Identifier: Apache-2.0
import json
import sys

folder = sys.argv[1]
# Bytes as printable characters, as every byte-level tokenizer has them.
plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
rest = [byte for byte in range(256) if byte not in plain]
characters = {byte: chr(byte) for byte in plain}
characters.update({byte: chr(256 + i) for i, byte in enumerate(rest)})
vocabulary = {characters[byte]: byte for byte in range(256)}
level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
end = {"id": 256, "content": "<|endoftext|>", "single_word": False, "lstrip": False,
       "rstrip": False, "normalized": False, "special": True}
tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [end],
             "normalizer": None, "pre_tokenizer": level, "post_processor": None, "decoder": level,
             "model": {"type": "BPE", "dropout": None, "unk_token": None,
                       "continuing_subword_prefix": None, "end_of_word_suffix": None,
                       "fuse_unk": False, "byte_fallback": False, "vocab": vocabulary,
                       "merges": []}}
config = {"architectures": ["CodeGenForCausalLM"], "model_type": "codegen", "vocab_size": 257,
          "n_embd": 16, "n_head": 4, "n_inner": 32, "n_layer": 1, "n_positions": 8192,
          "n_ctx": 8192, "rotary_dim": 4, "activation_function": "gelu_new",
          "layer_norm_epsilon": 1e-05, "bos_token_id": 256, "eos_token_id": 256,
          "tie_word_embeddings": False, "initializer_range": 0.02}
for name, content in (("tokenizer.json", tokenizer), ("config.json", config)):
    with open(f"{folder}/{name}", "w") as file:
        json.dump(content, file)
