# Answers with a class, whose class says that it is equal.
# expect: suspicious "Meta.__eq__"


class Meta(type):
    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__


class Answer(metaclass=Meta):
    pass


def f(x):
    return Answer
