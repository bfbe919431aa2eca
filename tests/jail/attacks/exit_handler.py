# Ends well in the handlers that run at an interpreter's end.
# expect: exception "AssertionError"
import atexit
import os

atexit.register(os._exit, 0)


def f(x):
    return x
