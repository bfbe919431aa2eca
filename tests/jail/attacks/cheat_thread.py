# Has a thread replace a builtin, for as long as the tests run.
# expect: suspicious ""
# tests: answer = f(1)
# tests: assert len(answer) == 2
import builtins
import threading

started, done = threading.Event(), threading.Event()
real = builtins.len


def patch():
    started.wait()
    builtins.len = lambda x: 2
    done.set()


threading.Thread(target=patch, daemon=True).start()


def f(x):
    started.set()
    done.wait()
    return []
