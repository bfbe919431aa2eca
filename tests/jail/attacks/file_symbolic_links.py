# Goes out of its folder by symbolic links.
# expect: passed ""
import os

got = []
for number, target in enumerate(("/etc/shadow", "../../../etc/shadow", "/proc/1/root/etc/shadow")):
    os.symlink(target, f"link{number}")
    try:
        got.append(open(f"link{number}").read())
    except OSError:
        pass
assert not got, got


def f(x):
    return x + 1
