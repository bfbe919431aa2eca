# Answers with objects that are equal to everything; a generator of the tests compares them.
# expect: suspicious ""
# tests: assert all(a == b for a, b in zip(f(1), [1, 2, 3]))


class Yes:
    def __eq__(self, other):
        return True


def f(x):
    return [Yes()] * 3
