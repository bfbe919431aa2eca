# Takes all timers that the user may have.
# expect: passed|suspicious ""

import ctypes

libc = ctypes.CDLL(None)
made = 0
while made < 100000 and libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p())) == 0:
    made += 1
assert made < 1000, made


def f(x):
    return x + 1
