# Gives the tests' function other code.
# expect: suspicious ""
# tests: def check(candidate):
# tests:     assert candidate(1) == 2
# tests: f(0)
# tests: check(f)


def f(x):
    globals()["check"].__code__ = (lambda candidate: None).__code__
    return 50
