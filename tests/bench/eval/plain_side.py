"""plain_side - runs programs without any jail, one after the other, and times each.

    plain_side.py exec|fork PROGRAMS [MODULE]...

exec: a new `python3 -I` for each, this interpreter, with the program after -c. fork: a copy of
this process, which has imported the modules, compiles and runs it. PROGRAMS has JSON lines with
task_id and text. Prints {"seconds": {task_id: s}, "failed": [task_id]}. Called by the programs
beside this file.

SPDX-License-Identifier: Apache-2.0
"""
import gc
import importlib
import json
import os
import sys
import time


def run_new(text, actions):
    argv = [sys.executable, "-I", "-c", text]
    return os.posix_spawn(sys.executable, argv, {}, file_actions=actions)


def run_copy(text, null):
    pid = os.fork()
    if pid == 0:
        os.dup2(null, 1)
        os.dup2(null, 2)
        status = 1
        try:
            exec(compile(text, "<string>", "exec", 0, True), {"__name__": "__main__"})
            status = 0
        finally:
            os._exit(status)
    return pid


def main():
    how, path, *modules = sys.argv[1:]
    with open(path) as file:
        programs = [json.loads(line) for line in file]
    for name in modules:
        importlib.import_module(name)
    null = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    seconds, failed = {}, []
    gc.collect()
    gc.freeze()
    for program in programs:
        start = time.perf_counter()
        text = program["text"]
        pid = run_new(text, actions) if how == "exec" else run_copy(text, null)
        _, status = os.waitpid(pid, 0)
        seconds[program["task_id"]] = time.perf_counter() - start
        if status != 0:
            failed.append(program["task_id"])
    print(json.dumps({"seconds": seconds, "failed": failed}))


main()
