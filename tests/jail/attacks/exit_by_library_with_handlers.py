# Ends by the function of C that runs the handlers of C first.
# expect: exited|killed ""
import ctypes


def f(x):
    ctypes.CDLL(None).exit(0)
