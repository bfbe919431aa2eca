# Has a thread change its module when the tests are over, and the evaluator at its work.
# expect: passed|suspicious ""
import threading


def change():
    while True:
        for name in list(globals()):
            if name not in ("f", "change", "globals", "list", "__builtins__", "Noise"):
                globals().pop(name, None)
        globals()["noise"] = object()


threading.Thread(target=change, daemon=True).start()


def f(x):
    return x + 1
