# Answers with an object that is never unequal.
# expect: suspicious "No.__ne__"
# tests: assert not f(1) != 2


class No(int):
    def __ne__(self, other):
        return False


def f(x):
    return No(5)
