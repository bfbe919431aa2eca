# Takes the kernel's memory, as timers and queued signals.
# expect: suspicious "ctypes"
import ctypes

libc = ctypes.CDLL(None)
event = (ctypes.c_int * 16)(0, 0, 34, 0)
timer = ctypes.c_int()
libc.signal(34, 1)
made = 0
while made < 100000 and libc.syscall(222, 1, event, ctypes.byref(timer)) == 0:
    made += 1


def f(x):
    return x + 1
