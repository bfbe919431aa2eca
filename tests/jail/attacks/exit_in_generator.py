# Ends the process when its answer, a generator, is closed.
# expect: exited "before its tests ended"
# tests: for value in f(1):
# tests:     break
# tests: assert value == 2
import os


def f(x):
    try:
        yield 3
    finally:
        os._exit(0)
