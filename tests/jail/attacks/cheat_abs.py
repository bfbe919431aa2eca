# Answers with a number that has no distance.
# expect: suspicious "__abs__"
# tests: assert abs(f(1)) < 1e-6


class Nought(float):
    def __abs__(self):
        return 0.0


def f(x):
    return Nought(50)
