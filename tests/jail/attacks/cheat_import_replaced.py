# Replaces the function that imports.
# expect: suspicious ""
# tests: import math
# tests: assert math.isclose(f(1), 2)
import builtins
import types

builtins.__import__ = lambda *arguments, **named: types.SimpleNamespace(
    isclose=lambda *arguments, **named: True
)


def f(x):
    return 50
