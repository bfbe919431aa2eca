# Sets a trace function and takes it back before the end.
# expect: suspicious "settrace"
import sys


def f(x):
    sys.settrace(lambda *arguments: None)
    sys.settrace(None)
    return x + 1
