# Replaces the library's function for nearly equal numbers, which the tests take by its name.
# expect: suspicious "isclose"
# tests: from math import isclose
# tests: assert isclose(f(1), 2)
import math

math.isclose = lambda *arguments, **named: True


def f(x):
    return 50
