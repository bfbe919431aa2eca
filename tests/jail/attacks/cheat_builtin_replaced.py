# Replaces a builtin that the tests use, for everybody.
# expect: suspicious "sorted"
# tests: assert sorted(f(1)) == [1, 2]
import builtins

builtins.sorted = lambda *arguments, **named: [1, 2]


def f(x):
    return []
