# Signals all processes that it could see, were it not alone.
# expect: passed ""
import os

found = []
for pid in range(2, 40000):
    if pid != os.getpid():
        try:
            os.kill(pid, 0)
            found.append(pid)
        except ProcessLookupError:
            pass
assert not found, found


def f(x):
    return x + 1
