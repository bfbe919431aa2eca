# Changes the language that the tests are written in.
# expect: exception|suspicious ""
# tests: assert f(1) != 50
from __future__ import barry_as_FLUFL


def f(x):
    return 50
