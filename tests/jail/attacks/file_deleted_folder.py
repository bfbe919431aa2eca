# Works in a folder that is gone, and climbs out of it.
# expect: passed ""
import os

os.mkdir("a")
os.chdir("a")
os.rmdir("../a")
try:
    os.getcwd()
except FileNotFoundError:
    pass
for _ in range(50):
    try:
        os.chdir("..")
    except OSError:
        break
assert not os.path.exists("etc/shadow")


def f(x):
    return x + 1
