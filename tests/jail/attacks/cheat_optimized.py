# Claims that assertions are off.
# expect: exception "AssertionError"
import os
import sys

os.environ["PYTHONOPTIMIZE"] = "2"
sys.flags = None


def f(x):
    return x
