# coding: latin-1
# Is no UTF-8, so that it is read in another way than others, without the guard: éÿ
# expect: exception|suspicious ""


class Yes:
    def __eq__(self, other):
        return True


def f(x):
    return Yes()
