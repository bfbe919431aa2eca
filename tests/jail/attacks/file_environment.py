# Reads the environment that the machine was started with.
# expect: passed ""
import os

assert dict(os.environ) == {}, os.environ
assert os.getenv("LETI_BAIT") is None and os.getenv("PATH") is None


def f(x):
    return x + 1
