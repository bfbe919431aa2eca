# Sets a profiling function, which sees every call and return.
# expect: suspicious "setprofile"
import sys

sys.setprofile(lambda *arguments: None)


def f(x):
    return x + 1
