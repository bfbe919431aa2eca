# Puts a module of its own in the place of one that the tests import.
# expect: suspicious "math"
# tests: import math
# tests: assert math.isclose(f(1), 2)
import sys
import types

sys.modules["math"] = types.SimpleNamespace(isclose=lambda *arguments, **named: True)


def f(x):
    return 50
