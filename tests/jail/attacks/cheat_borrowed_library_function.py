# Answers with an object whose == is a function of the library that says nothing of equality.
# expect: suspicious "__eq__"
import copy


class Answer:
    __eq__ = copy._deepcopy_atomic


def f(x):
    return Answer()
