# Answers with a tuple of the library's making.
# expect: suspicious ""
# tests: assert f(1) == (2,)
import collections


class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2


def f(x):
    return collections.namedtuple("Pair", "a")(Yes())
