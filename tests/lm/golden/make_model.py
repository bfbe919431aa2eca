#!/usr/bin/env python3
"""make_model.py - golden numbers of a tiny random model of each architecture, from transformers.

Made with torch 2.15.0, transformers 5.23.0, numpy 2.4.6 and safetensors 0.8.0, all in f32 on a CPU.
Run it here; it writes a folder a model: config.json, model.safetensors, expected.safetensors
(logits, gradients) and expected.json (tokens, losses of 20 AdamW steps). All parameters are random,
biases and norms too.

`make_model.py --check DIR...` loads folders that LETI saved, DIR named as the folder here that it
was opened from, and compares their logits to those expected.

SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

HERE = pathlib.Path(__file__).resolve().parent
LENGTHS = [21, 1, 8]  # of the packed sequences
STEPS = 20
ADAMW = {"lr": 3e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.1}

LLAMA = dict(model_type="llama", hidden_size=24, num_attention_heads=4, num_key_value_heads=2,
             intermediate_size=40, num_hidden_layers=2, vocab_size=64, max_position_embeddings=32,
             rms_norm_eps=1e-5, tie_word_embeddings=False)
GPT = dict(n_embd=32, n_layer=2, n_positions=32, vocab_size=64, resid_pdrop=0.0, embd_pdrop=0.0,
           attn_pdrop=0.0)

MODELS = {
    "llama-untied": dict(LLAMA, rope_theta=10000.0),
    "llama-tied": dict(LLAMA, hidden_size=32, num_attention_heads=2, num_key_value_heads=1,
                       rope_theta=500.0, tie_word_embeddings=True),
    "llama-biases": dict(LLAMA, attention_bias=True, mlp_bias=True, hidden_act="gelu"),
    "llama-linear": dict(LLAMA, rope_scaling={"rope_type": "linear", "factor": 4.0}),
    "llama-llama3": dict(LLAMA, head_dim=16, rope_theta=100.0,
                         rope_scaling={"rope_type": "llama3", "factor": 8.0,
                                       "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                       "original_max_position_embeddings": 8}),
    "qwen2": dict(LLAMA, model_type="qwen2", rope_theta=1000.0),
    "qwen2-windows": dict(LLAMA, model_type="qwen2", use_sliding_window=True, sliding_window=5,
                          max_window_layers=0),
    "qwen2-yarn": dict(LLAMA, model_type="qwen2", tie_word_embeddings=True, num_key_value_heads=1,
                       rope_theta=100.0, head_dim=16,
                       rope_scaling={"rope_type": "yarn", "factor": 4.0, "beta_fast": 4.0,
                                     "original_max_position_embeddings": 8}),
    "qwen3": dict(LLAMA, model_type="qwen3", head_dim=16, rope_theta=1000.0),
    "gemma3": dict(model_type="gemma3_text", hidden_size=24, num_attention_heads=2,
                   num_key_value_heads=1, head_dim=16, intermediate_size=32, num_hidden_layers=4,
                   vocab_size=64, max_position_embeddings=32, query_pre_attn_scalar=24,
                   sliding_window=6, sliding_window_pattern=3, rope_theta=1000.0,
                   rope_local_base_freq=100.0, rope_scaling={"rope_type": "linear", "factor": 2.0},
                   bos_token_id=0, eos_token_id=[1, 2], pad_token_id=0),
    "gpt2-model": dict(GPT, model_type="gpt2", n_head=4),
    "gptj": dict(GPT, model_type="gptj", n_head=2, rotary_dim=8, n_inner=48),
    "codegen": dict(GPT, model_type="codegen", n_head=4, rotary_dim=4, n_inner=48),
}


def make_model(settings):
    settings = dict({"bos_token_id": 0, "eos_token_id": 0}, **settings)
    config = AutoConfig.for_model(settings.pop("model_type"), attn_implementation="eager",
                                  **settings)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name or ".ln_" in name:
                around = 0.0 if "gemma3" in config.model_type or "bias" in name else 1.0
                parameter.uniform_(around - 0.5, around + 0.5)
            else:
                parameter.normal_(0.0, 0.15)
    return model


def losses(model, sequences):
    """Summed loss of the counted tokens, their number, and the logits of all positions."""
    total, counted, logits = 0.0, 0, []
    for tokens, targets in sequences:
        out = model(torch.tensor([tokens])).logits[0]
        logits.append(out.detach())
        wanted = torch.tensor(targets)
        total = total + torch.nn.functional.cross_entropy(out, wanted, ignore_index=-1,
                                                          reduction="sum")
        counted += int((wanted >= 0).sum())
    return total, counted, torch.cat(logits)


def make_sequences(vocabulary):
    sequences = []
    for length in LENGTHS:
        tokens = torch.randint(0, vocabulary, (length,)).tolist()
        targets = torch.randint(0, vocabulary, (length,)).tolist()
        sequences.append((tokens, [-1 if i % 5 == 3 else t for i, t in enumerate(targets)]))
    return sequences


def train(model, sequences):
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": ADAMW["weight_decay"]},
         {"params": plain, "weight_decay": 0.0}],
        lr=ADAMW["lr"], betas=(ADAMW["beta1"], ADAMW["beta2"]), eps=ADAMW["eps"])
    course = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        total, counted, _ = losses(model, sequences)
        (total / counted).backward()
        optimizer.step()
        course.append(float(total.detach()) / counted)
    return course


def write(folder, settings):
    model = make_model(settings)
    sequences = make_sequences(settings["vocab_size"])
    folder.mkdir(exist_ok=True)
    model.config.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = [type(model).__name__]
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    tensors = {n: p.detach().clone() for n, p in model.named_parameters()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})

    total, counted, logits = losses(model, sequences)
    (total / counted).backward()
    expected = {"grad." + n: p.grad.clone().contiguous() for n, p in model.named_parameters()}
    expected["logits"] = logits.contiguous()
    save_file(expected, folder / "expected.safetensors")
    numbers = {
        "tokens": [t for tokens, _ in sequences for t in tokens],
        "targets": [t for _, targets in sequences for t in targets],
        "starts": [sum(LENGTHS[:i]) for i in range(len(LENGTHS) + 1)],
        "adamw": ADAMW,
        "losses": train(model, sequences),
    }
    (folder / "expected.json").write_text(json.dumps(numbers) + "\n")


def check(folder):
    """Whether a folder that LETI saved gives the logits of the one that it came from."""
    golden = HERE / folder.name
    numbers = json.loads((golden / "expected.json").read_text())
    starts, tokens = numbers["starts"], numbers["tokens"]
    expected = load_file(golden / "expected.safetensors")["logits"]
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    odd = {k: v for k, v in report.items() if v}
    with torch.no_grad():
        logits = torch.cat([model(torch.tensor([tokens[a:b]])).logits[0]
                            for a, b in zip(starts, starts[1:])])
    apart = float((logits - expected).abs().max())
    print(f"{folder.name}: {type(model).__name__}, logits differ by {apart:.2g}", odd or "")
    return apart < 1e-5 and not odd


def main():
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--check"]:
        sys.exit(0 if all([check(pathlib.Path(f)) for f in sys.argv[2:]]) else 1)
    for number, (name, settings) in enumerate(MODELS.items()):
        torch.manual_seed(number)
        write(HERE / name, settings)


if __name__ == "__main__":
    main()
