# Answers with a number whose == is the interpreter's own or.
# expect: suspicious "__eq__"


class Number(int):
    __eq__ = int.__or__


def f(x):
    return Number(50)
