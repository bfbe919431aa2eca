# paper_settings.py - what a run of pipelines/paper has in force against the table of the paper; the
# argument is what `leti check --json` printed.
# SPDX-License-Identifier: Apache-2.0
import json
import sys

SAME = {"epochs": 3, "batch": 16, "weight_decay": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8,
        "warmup": 0, "decay": 0, "max_grad_norm": 0, "corpus_block": 1024, "corpus_holdout": 0.1,
        "lora_rank": 0, "kl": 0, "mode": "fcft", "corpus_mix": True}
SAMPLING = {"temperature": 1, "top_p": 1, "top_k": 0, "max_length": 512}
SMALL = {"iterations": 50, "lr": 1e-5, "samples": 128, "ids": "601-974", "model": "350M"}
LARGE = dict(SMALL, iterations=10, lr=5e-6, model="2B")
RUNS = {
    "mbpp-350m": SMALL,
    "mbpp-2b": LARGE,
    "binary-350m": dict(SMALL, textual=False),
    "binary-2b": dict(LARGE, textual=False, iterations=30),
    "problems-16": dict(SMALL, ids="601-616"),
    "problems-64": dict(SMALL, ids="601-664"),
    "problems-128": dict(SMALL, ids="601-728"),
    "samples-16": dict(SMALL, samples=16),
    "samples-64": dict(SMALL, samples=64),
    "no-corpus": dict(SMALL, corpus_mix=False),
    "corpus-only": dict(SMALL, mode="corpus", condition="none"),
    "supervised": dict(SMALL, textual=False, reward="none", condition="none",
                       samples_from="references"),
    "eae-350m": dict(SMALL, iterations=30, samples=64, ids="1-80"),
}


def options(pipeline, name):
    [stage] = [stage for stage in pipeline["stages"] if stage["name"] == name]
    return {**stage["options"], **stage["host_options"]}


def check(pipeline):
    want = dict(RUNS[pipeline["name"]])
    model = options(pipeline, "generate")["model"]
    train, generate = options(pipeline, "train"), options(pipeline, "generate")
    got = {
        "iterations": pipeline["iterations"],
        "lr": train["lr"],
        "samples": generate["samples"],
        "ids": options(pipeline, pipeline["problems"][0])["ids"],
        "model": model.split("codegen-")[1].split("-")[0],
        "textual": options(pipeline, "feedback")["textual"],
        "reward": options(pipeline, "feedback")["reward"],
        "samples_from": pipeline["samples_from"],
        "condition": pipeline["tests"][0]["condition"],
        **{name: train[name] for name in SAME},
        **{name: generate[name] for name in SAMPLING},
    }
    want = {"textual": True, "reward": "token", "samples_from": "model", "condition": "good", **SAME, **SAMPLING, **want}
    assert got == want, (pipeline["name"], {k: (got[k], want[k]) for k in want if got[k] != want[k]})
    assert train["model"] == model
    names = ["test", "test.uncut"]
    assert [test["name"] for test in pipeline["tests"]] == names, pipeline["tests"]


TESTS = {
    "test-humaneval": {"humaneval": 768},
    "test-gsm8k": {"gsm8k": 1536},
    "test-bbh-direct": {"bbh-direct": 2048},
    "test-bbh-cot": {"bbh-cot": 2048},
    "test-mbpp": {"0-shot": 512, "1-shot": 896, "3-shot": 1024, "5-shot": 1280, "10-shot": 1792},
}


def check_tests(pipeline):
    lengths = {name + uncut: length for name, length in TESTS[pipeline["name"]].items()
               for uncut in ("", ".uncut")}
    got = {test["name"]: test["max_length"] for test in pipeline["tests"]}
    assert got == lengths, got


[pipeline] = [json.loads(line) for line in open(sys.argv[1])]
(check if pipeline["trainer"] else check_tests)(pipeline)
for test in pipeline["tests"]:
    assert (test["samples"], test["temperature"]) == (16, 0.1), test
