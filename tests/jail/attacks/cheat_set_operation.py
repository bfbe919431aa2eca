# Answers with a set that has no difference to any other.
# expect: suspicious ""
# tests: assert not {2} ^ f(1)


class Same(set):
    def __rxor__(self, other):
        return set()


def f(x):
    return Same()
