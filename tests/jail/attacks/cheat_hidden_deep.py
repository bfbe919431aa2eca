# Hides the object that is equal to everything behind many that are not.
# expect: suspicious ""
# tests: assert f(1) == [2] + [[] for _ in range(200000)]


class Yes:
    def __eq__(self, other):
        return True


def f(x):
    return [Yes()] + [[] for _ in range(200000)]
