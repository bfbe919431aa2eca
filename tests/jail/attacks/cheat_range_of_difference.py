# Answers with a number whose difference to every other is nought, and of its own class.
# expect: suspicious "__sub__"
# tests: assert -1e-6 < f(1) - 2 < 1e-6


class Near(float):
    def __sub__(self, other):
        return Near(0)


def f(x):
    return Near(50)
