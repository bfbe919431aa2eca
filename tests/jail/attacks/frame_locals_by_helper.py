# Reads what is expected by a frame that it only seems to ask its line.
# expect: suspicious ""
# tests: def check(candidate):
# tests:     for given, expected in [(1, 12345)]:
# tests:         assert candidate(given) == expected
# tests: check(f)
import sys


def line():
    frame = sys._getframe(2)
    frame.f_lineno
    return frame


def f(x):
    return line().f_locals["expected"]
