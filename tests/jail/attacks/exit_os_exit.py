# Ends the process at once.
# expect: exited "exited with status 0 before its tests ended"
import os


def f(x):
    return x + 1


os._exit(0)
