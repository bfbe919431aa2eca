#!/usr/bin/env python3
"""make_model.py - golden numbers of two tiny random Llamas: logits, gradients, losses of 20 AdamW steps.

Made with Python 3.11.2, torch 1.13.0, transformers 4.40.2, numpy 1.24.2, safetensors 0.8.0, in a
virtual environment that sees Debian's python3-torch. Run it here; it writes a folder a model:
config.json, model.safetensors, expected.safetensors (logits, gradients) and expected.json.

SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

LENGTHS = [13, 1, 8]  # of the packed sequences
STEPS = 20
ADAMW = {"lr": 3e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.1}

MODELS = {
    "llama-untied": dict(hidden_size=24, num_attention_heads=4, num_key_value_heads=2,
                         intermediate_size=40, num_hidden_layers=2, vocab_size=64,
                         rope_theta=10000.0, tie_word_embeddings=False),
    "llama-tied": dict(hidden_size=32, num_attention_heads=2, num_key_value_heads=1,
                       intermediate_size=40, num_hidden_layers=2, vocab_size=64,
                       rope_theta=500.0, tie_word_embeddings=True),
}


def make_model(settings):
    config = LlamaConfig(max_position_embeddings=32, rms_norm_eps=1e-5, bos_token_id=0,
                         eos_token_id=0, attn_implementation="eager", **settings)
    model = LlamaForCausalLM(config).float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.uniform_(0.5, 1.5)
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
    decayed = [p for n, p in model.named_parameters() if "norm" not in n]
    plain = [p for n, p in model.named_parameters() if "norm" in n]
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
    (folder / "config.json").write_text(model.config.to_json_string())
    tensors = {n: p.detach().clone() for n, p in model.named_parameters()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})

    total, counted, logits = losses(model, sequences)
    (total / counted).backward()
    expected = {"grad." + n: p.grad.clone() for n, p in model.named_parameters()}
    expected["logits"] = logits.contiguous()
    save_file(expected, folder / "expected.safetensors")
    numbers = {
        "tokens": [t for tokens, _ in sequences for t in tokens],
        "targets": [t for _, targets in sequences for t in targets],
        "starts": [sum(LENGTHS[:i]) for i in range(len(LENGTHS) + 1)],
        "adamw": ADAMW,
        "losses": train(model, sequences),
    }
    (folder / "expected.json").write_text(json.dumps(numbers, indent=1) + "\n")


def main():
    here = pathlib.Path(__file__).resolve().parent
    torch.manual_seed(1)
    torch.set_num_threads(1)
    for name, settings in MODELS.items():
        write(here / name, settings)


if __name__ == "__main__":
    main()
