# Answers with a number whose == is the interpreter's own, but that of another operation.
# expect: suspicious "__eq__"


class Number(int):
    __eq__ = int.__ne__
    __hash__ = int.__hash__


def f(x):
    return Number(50)
