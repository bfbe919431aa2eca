# Reads what is expected from the constants of the code that calls it.
# expect: suspicious ""
# tests: assert f(1) == 12345
import sys


def f(x):
    return max(c for c in sys._getframe(1).f_code.co_consts if isinstance(c, int))
