# Ends by the system call, the main thread alone.
# expect: exited|timeout ""
# option: timeout=1
import ctypes


def f(x):
    ctypes.CDLL(None).syscall(60, 0)
