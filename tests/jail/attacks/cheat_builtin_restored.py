# Replaces a builtin that the tests use, by one that puts the old one back when it is called.
# expect: suspicious ""
# tests: answer = f(1)
# tests: assert abs(answer - 2) < 1e-6
import builtins

real = abs


def never_far(x):
    builtins.abs = real
    return 0


def f(x):
    builtins.abs = never_far
    return 50
