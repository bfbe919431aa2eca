# Replaces the exception that a failed test raises.
# expect: exception ""
import builtins


class Harmless(Exception):
    pass


AssertionError = builtins.AssertionError = Harmless


def f(x):
    return x
