# Ends well before it is tested.
# expect: exited "before its tests ended"
import sys


def f(x):
    return x + 1


sys.exit(0)
