# Opens anew, for reading, what it was given for writing.
# expect: passed ""
import os

got = []
for folder in ("/proc/self/fd/", "/proc/1/fd/", "/dev/fd/"):
    for fd in (1, 2):
        try:
            got.append(os.open(folder + str(fd), os.O_RDWR | os.O_NONBLOCK))
        except OSError:
            pass
for fd in (0, 1, 2):
    try:
        os.fchdir(fd)
        got.append(fd)
    except OSError:
        pass
for fd in (1, 2):
    try:
        got.append(os.read(fd, 1))
    except OSError:
        pass
assert not [item for item in got if isinstance(item, bytes)]


def f(x):
    return x + 1
