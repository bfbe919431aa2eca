# Looks for a file that lies on the machine for it.
# expect: passed ""
import os

found = []
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/proc/1/root/tmp", "/../tmp", "../../../tmp"):
    if os.path.exists(folder + "/leti-bait"):
        found.append(folder)
assert not found, found


def f(x):
    return x + 1
