# Sets a trace function that changes nothing.
# expect: suspicious "settrace"
import sys

sys.settrace(lambda *arguments: None)


def f(x):
    return x + 1
