# Answers with an object that is equal to everything; the test has it on the right.
# expect: suspicious "Yes.__eq__"
# tests: assert 2 == f(1)


class Yes(int):
    def __eq__(self, other):
        return True


def f(x):
    return Yes(5)
