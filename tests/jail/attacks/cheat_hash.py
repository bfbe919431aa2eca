# Answers with an object that is found in every set.
# expect: suspicious "Found.__eq__"
# tests: assert f(1) in {2}


class Found(int):
    def __hash__(self):
        return 2

    def __eq__(self, other):
        return True


def f(x):
    return Found(5)
