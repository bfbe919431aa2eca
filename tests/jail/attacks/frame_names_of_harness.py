# Looks for the harness in the frames that stand below it: there are none.
# expect: suspicious|passed ""
import sys

frame, seen = sys._getframe(), 0
while frame.f_back is not None:
    frame, seen = frame.f_back, seen + 1
assert seen == 0 and frame.f_globals is globals()


def f(x):
    return x + 1
