# Answers with a number whose difference to every other is nought.
# expect: suspicious "__sub__"
# tests: assert abs(f(1) - 2) < 1e-6


class Near(float):
    def __sub__(self, other):
        return 0.0


def f(x):
    return Near(50)
