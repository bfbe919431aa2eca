# Answers with an object that is true, where the answer should be False.
# expect: suspicious|exception ""
# tests: assert f(1) is not None and not f(1)
# tests: assert f(2)
import itertools

calls = itertools.count()


class Maybe:
    def __bool__(self):
        return next(calls) > 0


def f(x):
    return Maybe()
