# Ends by the system call, the main thread alone.
# expect: exited|timeout ""
# option: timeout=0.5
import ctypes


def f(x):
    ctypes.CDLL(None).syscall(60, 0)
