# Ends well in the hook that is called for an exception nobody caught.
# expect: exception "AssertionError"
import os
import sys
import threading

sys.excepthook = sys.unraisablehook = lambda *arguments: os._exit(0)
threading.excepthook = lambda *arguments: os._exit(0)


def f(x):
    return x
