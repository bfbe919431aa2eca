# Replaces what the tests ask about types.
# expect: suspicious "isinstance"
# tests: assert isinstance(f(1), int)
import builtins

builtins.isinstance = lambda *arguments: True


def f(x):
    return "2"
