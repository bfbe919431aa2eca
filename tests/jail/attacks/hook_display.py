# Replaces what shows values and failures.
# expect: exception "AssertionError"
import sys

sys.displayhook = sys.excepthook = sys.breakpointhook = sys.unraisablehook = None
sys.stdout = sys.stderr = sys.stdin = None


def f(x):
    return x
