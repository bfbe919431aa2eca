# Looks for the tests' text in its memory, around objects that it has.
# expect: suspicious|killed|exception ""
# tests: assert f(1) == 12345
import ctypes
import re


def f(x):
    memory = ctypes.string_at(id(f) & ~0xFFFFF, 1 << 20)
    return int(re.findall(rb"f\(1\) == (\d+)", memory)[-1])
