# Answers with a text that agrees when it is joined.
# expect: suspicious ""
# tests: assert "<" + f(1) + ">" == "<2>"


class Text(str):
    def __radd__(self, other):
        return self

    def __add__(self, other):
        return self

    def __eq__(self, other):
        return True


def f(x):
    return Text()
