# Reads what people keep in their homes. The interpreter itself may lie in one.
# expect: passed ""
import os
import sys

got = []
for folder in ("/root", "/home", "/etc/ssh", "/var", "/run", "/sys", "/opt", "/srv", "/mnt"):
    try:
        names = [f"{folder}/{name}" for name in os.listdir(folder)]
        got += [name for name in names if not os.__file__.startswith(name + "/")]
    except OSError:
        pass
assert not got, got


def f(x):
    return x + 1
