# Has the library copy its comparison's code, in the name of a file of the library.
# expect: suspicious ""
import copy
import json
import operator
import types


def agrees(self, other):
    return True


copy._copy_dispatch[types.CodeType] = operator.methodcaller("replace", co_filename=json.__file__)


class Yes:
    __eq__ = types.FunctionType(copy.copy(agrees.__code__), vars(json))


def f(x):
    return Yes()
