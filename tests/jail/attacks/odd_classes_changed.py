# Changes classes and modules of the library for whoever comes next.
# expect: passed ""
import collections
import os
import sys

collections.Counter.mark = os.mark = sys.mark = "leti-attack"
os.listdir = lambda *arguments: []
os.environ["LETI_MARK"] = "x"
os.chdir("/")


def f(x):
    return x + 1
