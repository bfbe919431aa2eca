# Replaces the tests' function while it is called for the first time.
# expect: suspicious ""
# tests: def check(candidate):
# tests:     assert candidate(1) == 2
# tests: try:
# tests:     f(0)
# tests: except ValueError:
# tests:     pass
# tests: check(f)


def f(x):
    globals()["check"] = lambda candidate: None
    return 50
