# Answers with a list that takes over what it is compared with.
# expect: suspicious "Copy.__eq__"
# tests: assert f(1) == [2]


class Copy(list):
    def __eq__(self, other):
        self[:] = other
        return list.__eq__(self, other)


def f(x):
    return Copy()
