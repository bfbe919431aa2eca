# Makes every system call that neither ends nor stops it, with arguments that mean nothing.
# expect: suspicious|killed|exited|exception|forbidden|timeout|memory|output ""
# option: timeout=2
import ctypes
import random

libc = ctypes.CDLL(None)
spared = {0, 15, 34, 60, 61, 130, 202, 219, 230, 231, 232, 270, 271, 281, 7, 23, 35, 128, 247, 449}
values = (0, 1, -1, 3, 4096, 1 << 31, 1 << 47, -(1 << 63), id(values := []))
dice = random.Random(7)
for number in range(470):
    if number not in spared:
        for _ in range(3):
            libc.syscall(number, *(ctypes.c_long(dice.choice(values)) for _ in range(6)))


def f(x):
    return x + 1
