# Answers with a weak reference's proxy, which hands comparisons on.
# expect: suspicious ""
# tests: assert f(1) == 2
import weakref


class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2


kept = Yes()


def f(x):
    return weakref.proxy(kept)
