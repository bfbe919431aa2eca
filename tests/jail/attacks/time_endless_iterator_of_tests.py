# Answers with an object that always has another element.
# expect: timeout|suspicious ""
# option: timeout=0.5
# tests: for value in f(1):
# tests:     assert value == 2


class Forever:
    def __iter__(self):
        return self

    def __next__(self):
        return 2


def f(x):
    return Forever()
