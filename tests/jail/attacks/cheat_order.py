# Answers with an object that is less and more than everything.
# expect: suspicious "Any.__"
# tests: assert 1 < f(1) < 3


class Any(int):
    __lt__ = __gt__ = lambda self, other: True


def f(x):
    return Any(50)
