# Ends with files open, locked, mapped and watched.
# expect: passed ""
import fcntl
import mmap
import os
import select

kept = []
for number in range(10):
    file = open(str(number), "wb+")
    file.write(bytes(4096))
    file.flush()
    fcntl.flock(file, fcntl.LOCK_EX)
    fcntl.lockf(file, fcntl.LOCK_EX)
    kept += [file, mmap.mmap(file.fileno(), 4096), select.epoll(), os.pipe()]


def f(x):
    return x + 1
