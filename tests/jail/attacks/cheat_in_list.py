# Answers with a list that holds an object equal to everything.
# expect: suspicious ""
# tests: assert f(1) == [[2]]


class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2


def f(x):
    return [[Yes()]]
