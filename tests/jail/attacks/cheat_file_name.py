# Has its comparison look as if the library had written it.
# expect: suspicious ""
import json
import types


def agrees(self, other):
    return True


class Answer:
    __eq__ = types.FunctionType(agrees.__code__.replace(co_filename=json.__file__), vars(json))


def f(x):
    return Answer()
