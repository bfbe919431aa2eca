# Makes refused calls by the hundred thousand, to keep busy whoever writes them down.
# expect: passed|timeout ""
# option: timeout=2
import os

for _ in range(100000):
    try:
        os.setsid()
    except OSError:
        pass


def f(x):
    return x + 1
