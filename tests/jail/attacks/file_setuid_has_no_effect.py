# Looks for a file system on which setuid or a program of its own would count.
# expect: passed ""
import os

assert os.statvfs("/usr").f_flag & os.ST_NOSUID and os.statvfs("/usr").f_flag & os.ST_RDONLY
assert os.statvfs(".").f_flag & os.ST_NOSUID and os.statvfs(".").f_flag & os.ST_NOEXEC
open("program", "w").close()
os.chmod("program", 0o6777)


def f(x):
    return x + 1
