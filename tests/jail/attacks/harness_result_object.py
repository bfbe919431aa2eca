# Gives the evaluation of the tests another value than theirs.
# expect: exception "AssertionError"
import builtins
import types

builtins.exec = builtins.eval = builtins.compile = lambda *arguments, **named: None
types.FunctionType = types.CodeType = None


def f(x):
    return x
