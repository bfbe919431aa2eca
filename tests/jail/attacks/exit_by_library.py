# Calls C's own functions for ending.
# expect: exited "exited with status 0 before its tests ended"
import ctypes


def f(x):
    ctypes.CDLL(None)._exit(0)
