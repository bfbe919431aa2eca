# Calls itself without a limit, until the stack or the memory is used up.
# expect: killed|memory|exception ""
# option: memory=256
import sys

sys.setrecursionlimit(2**31 - 1)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def f(x):
    return Deep().x
