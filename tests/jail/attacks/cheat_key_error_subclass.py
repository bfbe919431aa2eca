# Raises an exception of several kinds, one of which the tests expect: they pass, rightly.
# expect: passed ""
# tests: try:
# tests:     f(1)
# tests: except ValueError:
# tests:     pass
# tests: else:
# tests:     assert False


class Both(KeyError, ValueError):
    pass


def f(x):
    raise Both
