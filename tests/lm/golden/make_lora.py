#!/usr/bin/env python3
"""make_lora.py - golden numbers of LoRA by PEFT on make_model.py's models: 20 AdamW steps.

Made with Python 3.11.2, torch 2.15.0, transformers 5.23.0, peft 0.21.2. Run it here; it writes a
folder a model: first/ and last/ are adapters as PEFT saves them, before and after the steps,
expected.safetensors the logits of the last, and expected.json the losses and the gradients' norms
before they are clipped.

With an adapter's folder and its base model's it only checks that PEFT loads the adapter, and that
this gives the logits of the merged model, which is the third folder:

    make_lora.py check ADAPTER BASE MERGED

SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import shutil
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

STEPS = 20
CLIP = 0.5
ADAMW = {"lr": 3e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.1}
ROWS = [60, 61, 63]

ADAPTERS = {
    "lora-untied": dict(base="llama-untied", r=4, lora_alpha=6, target_modules="all-linear",
                        trainable_token_indices={"embed_tokens": ROWS, "lm_head": ROWS}),
    "lora-tied": dict(base="llama-tied", r=3, lora_alpha=8,
                      target_modules=["q_proj", "v_proj", "down_proj"],
                      trainable_token_indices=ROWS),
    # Rows of q, k and v in an order of their own. PEFT leaves out a head's bias where rows train.
    "lora-codegen": dict(base="codegen", r=4, lora_alpha=6, target_modules="all-linear"),
    # Matrices that lie transposed.
    "lora-gpt2": dict(base="gpt2-model", r=3, lora_alpha=8, target_modules=["c_attn", "c_proj"],
                      trainable_token_indices=ROWS, fan_in_fan_out=True),
}


def packed(numbers):
    starts = numbers["starts"]
    for begin, end in zip(starts, starts[1:]):
        yield numbers["tokens"][begin:end], numbers["targets"][begin:end]


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


def save(model, folder):
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


def write(here, folder, settings):
    base = settings.pop("base")
    numbers = json.loads((here / base / "expected.json").read_text())
    sequences = list(packed(numbers))
    # The base's path goes into adapter_config.json, so it is a relative one.
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32,
                                                 attn_implementation="eager")
    model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:  # at zero, A would have no gradient in the first step
                parameter.normal_(0.0, 0.05)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    save(model, folder / "first")
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=ADAMW["lr"], weight_decay=ADAMW["weight_decay"],
                                  betas=(ADAMW["beta1"], ADAMW["beta2"]), eps=ADAMW["eps"])
    course, norms = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        total, counted, _ = losses(model, sequences)
        (total / counted).backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(trained, CLIP)))
        optimizer.step()
        course.append(float(total.detach()) / counted)
    save(model, folder / "last")
    with torch.no_grad():
        logits = losses(model, sequences)[2]
    save_file({"logits": logits.contiguous()}, folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps({
        "base": base, "adamw": ADAMW, "clip": CLIP, "losses": course, "norms": norms,
    }, indent=1) + "\n")


def check(adapter, base, merged):
    want = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    rows = want.get_input_embeddings().weight.shape[0]
    if rows != model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(rows)
    model = PeftModel.from_pretrained(model, adapter)
    torch.manual_seed(1)
    tokens = torch.randint(0, rows, (4, 24))
    tokens[0, :8] = torch.arange(rows - 8, rows)
    with torch.no_grad():
        apart = float((model(tokens).logits - want(tokens).logits).abs().max())
    print(f"largest difference of logits {apart:.2g}")
    return apart < 1e-4


def main():
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["check"]:
        sys.exit(not check(*sys.argv[2:5]))
    here = pathlib.Path(__file__).resolve().parent
    torch.manual_seed(1)
    for name, settings in ADAPTERS.items():
        write(here, here / name, dict(settings))


if __name__ == "__main__":
    main()
