# Looks at what there is at all.
# expect: passed ""
import os

known = "bin dev etc lib lib32 lib64 libx32 proc root sandbox sbin tmp usr".split()
assert set(os.listdir("/tmp")) == set()
assert set(os.listdir("/dev")) <= {"null", "zero", "full", "random", "urandom"}
assert set(os.listdir("/etc")) <= {"ld.so.cache", "localtime", "python3", "python3.11"}
interpreter = {os.__file__.split("/")[1]}  # where it is kept may be anywhere
assert set(os.listdir("/")) - set(known) <= interpreter, os.listdir("/")


def f(x):
    return x + 1
