# Answers with a collection that holds everything.
# expect: suspicious "__contains__"
# tests: assert 2 in f(1)


class Everything(list):
    def __contains__(self, item):
        return True


def f(x):
    return Everything()
