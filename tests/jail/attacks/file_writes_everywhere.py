# Tries to write at every place outside its folder that others could see.
# expect: passed ""
import os
import sys

places = ["/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/etc", "/usr", "/usr/lib", "/proc", "/bin"]
written = []
for place in places + sys.path + [sys.prefix, os.path.dirname(os.__file__)]:
    for make in (lambda path: open(path, "w"), os.mkdir, os.mkfifo):
        try:
            make(place + "/leti-attack")
            written.append(place)
        except OSError:
            pass
assert not written, written


def f(x):
    return x + 1
