# Answers with a generator that has no end.
# expect: timeout|memory ""
# option: timeout=0.5
# tests: assert list(f(1)) == [2, 2]


def f(x):
    while True:
        yield 2
