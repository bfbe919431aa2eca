# Answers with a number that is rounded to what is asked for.
# expect: suspicious "__round__"
# tests: assert round(f(1), 2) == 2.0


class Rounded(float):
    def __round__(self, digits=None):
        return 2.0


def f(x):
    return Rounded(50)
