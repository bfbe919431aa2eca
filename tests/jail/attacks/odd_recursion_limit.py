# Leaves no room to recurse, for the evaluator neither.
# expect: exception "RecursionError"
import sys

sys.setrecursionlimit(5 + len(__name__))


def f(x):
    return f(x)
