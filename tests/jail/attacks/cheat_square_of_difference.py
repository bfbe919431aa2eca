# Answers with a number whose difference to every other is nought, and of its own class.
# expect: suspicious "__sub__"
# tests: assert (f(1) - 2) ** 2 < 1e-9


class Near(float):
    def __sub__(self, other):
        return Near(0)


def f(x):
    return Near(50)
