# Answers with a list of which the tests take out what they expect.
# expect: suspicious ""
# tests: got = f(1)
# tests: for expected in [1, 2, 3]:
# tests:     got.remove(expected)
# tests: assert not got


class Yes:
    def __eq__(self, other):
        return True


def f(x):
    return [Yes()] * 3
