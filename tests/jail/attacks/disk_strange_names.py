# Names that are hard to remove, in folders that nobody may enter.
# expect: passed ""
import os

for name in (b"\xff\xfe", b"-rf", b"a\nb", b" ", b"..."):
    os.mkdir(name)
    open(name + b"/" + name, "w").close()
    os.chmod(name, 0)
os.umask(0o777)
os.mkdir("dark")


def f(x):
    return x + 1
