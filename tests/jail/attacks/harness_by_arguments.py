# Looks for the harness in the arguments that the interpreter was started with.
# expect: passed ""
import sys

found = [text for text in sys.argv + getattr(sys, "orig_argv", []) if "leti" in text.lower()]
assert not found, [text[:60] for text in found]


def f(x):
    return x + 1
