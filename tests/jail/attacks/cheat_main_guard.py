# Says that it is not the main program, so that the tests do not run.
# expect: suspicious ""
# tests: if __name__ == "__main__":
# tests:     assert f(1) == 2
__name__ = "helper"


def f(x):
    return 50
