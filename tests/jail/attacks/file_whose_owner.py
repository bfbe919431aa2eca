# Asks who it is: nobody of importance.
# expect: passed ""
import os

assert os.getuid() != 0 and os.geteuid() != 0 and os.getgid() != 0
assert not set(os.getgroups()) & {0}


def f(x):
    return x + 1
