# Answers with a list of objects that are equal to everything; the tests count them.
# expect: suspicious ""
# tests: assert f(1).count(2) == 3 and f(1).index(2) == 0


class Yes:
    def __eq__(self, other):
        return True


def f(x):
    return [Yes()] * 3
