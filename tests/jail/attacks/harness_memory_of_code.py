# Looks for jumps of its own making: changes the tests' bytecode while it runs.
# expect: suspicious|killed|exception ""
import ctypes
import sys


def f(x):
    code = sys._getframe(1).f_code
    size = len(code.co_code)
    for place in range(id(code), id(code) + 400):
        if ctypes.string_at(place, 16) == code.co_code[:16]:
            ctypes.memset(place + size - 8, 9, 2)
    return 50
