# Defines a builtin that the tests use.
# expect: suspicious "abs"
# tests: assert abs(f(1) - 2) < 1e-6


def abs(x):
    return 0


def f(x):
    return 50
