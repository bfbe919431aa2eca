# Looks for modules of the harness.
# expect: passed ""
import sys

found = [name for name in sys.modules if "leti" in name or "harness" in name]
assert not found and not hasattr(sys, "_leti"), found


def f(x):
    return x + 1
