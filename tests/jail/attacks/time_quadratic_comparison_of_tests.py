# Answers with an object that takes for ever to compare.
# expect: timeout|suspicious ""
# option: timeout=0.5


class Slow:
    def __eq__(self, other):
        while True:
            pass


def f(x):
    return Slow()
