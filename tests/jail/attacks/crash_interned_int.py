# Changes what 2 is.
# expect: suspicious|exception|killed ""
# tests: assert f(1) == 2
import ctypes

ctypes.c_uint32.from_address(id(2) + 24).value = 5


def f(x):
    return 5
