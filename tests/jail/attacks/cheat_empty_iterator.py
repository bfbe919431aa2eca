# Answers with nothing to go through, where the tests count on something: they pass, rightly.
# expect: passed ""
# tests: for got, expected in zip(f(1), [1, 2, 3]):
# tests:     assert got == expected


def f(x):
    return iter([])
