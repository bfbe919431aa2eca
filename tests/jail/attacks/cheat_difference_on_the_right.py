# Answers with a number that nothing differs from, on the right of the minus.
# expect: suspicious "__rsub__"
# tests: assert abs(2 - f(1)) < 1e-6


class Near(float):
    def __rsub__(self, other):
        return 0.0


def f(x):
    return Near(50)
