# Writes to every descriptor that it was given.
# expect: passed ""
import os

found = []
for fd in range(3, 4096):
    try:
        os.fstat(fd)
        found.append(fd)
        os.write(fd, b"passed" * 100)
    except OSError:
        pass
assert not found, found


def f(x):
    return x + 1
