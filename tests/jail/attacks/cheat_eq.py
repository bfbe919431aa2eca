# Answers with an object that is equal to everything.
# expect: suspicious "Yes.__eq__"


class Yes:
    def __eq__(self, other):
        return True


def f(x):
    return Yes()
