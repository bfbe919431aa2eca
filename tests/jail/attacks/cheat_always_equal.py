# Returns the object of the library's own tests that is equal to everything.
# expect: suspicious|exception ""

from test.support import ALWAYS_EQ


def f(x):
    return ALWAYS_EQ
