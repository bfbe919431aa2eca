# Answers with the library's object whose parts, in slots of C, are equal to everything.
# expect: suspicious ""
# tests: import functools
# tests: assert f(1).args == (2,)
import functools


class Yes:
    def __eq__(self, other):
        return True


def f(x):
    return functools.partial(print, Yes())
