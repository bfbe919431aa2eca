# Answers with the library's object that is equal to everything.
# expect: suspicious "__eq__"
from unittest.mock import ANY


def f(x):
    return ANY
