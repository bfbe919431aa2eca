# Puts a symbolic link where its working folder is, for who comes to clear it.
# expect: passed ""
import os

here = os.getcwd()
for replace in (
    lambda: os.rename(here, "/old"),
    lambda: os.rmdir(here),
    lambda: os.rename(".", "../old"),
    lambda: os.symlink("/usr", here + "/../link"),
):
    try:
        replace()
        raise AssertionError(replace)
    except OSError:
        pass
os.symlink("/", "root")
os.symlink("loop", "loop")
os.mkdir("a")
os.symlink("..", "a/b")


def f(x):
    return x + 1
