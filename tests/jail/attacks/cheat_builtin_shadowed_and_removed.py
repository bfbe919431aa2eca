# Shadows a builtin during the tests alone.
# expect: suspicious ""
# tests: answer = f(1)
# tests: assert abs(answer - 2) < 1e-6


def never_far(x):
    del globals()["abs"]
    return 0


def f(x):
    globals()["abs"] = never_far
    return 50
