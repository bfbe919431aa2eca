# Makes system calls by the numbers of the x32 interface.
# expect: killed|suspicious|forbidden ""
import ctypes

libc = ctypes.CDLL(None)
got = [libc.syscall(0x40000000 + number, 0, 0, 0) for number in (57, 58, 56, 41)]
assert got == [-1] * 4, got


def f(x):
    return x + 1
