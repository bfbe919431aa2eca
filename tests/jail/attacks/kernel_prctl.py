# Changes what the kernel thinks of it, one option after the other.
# expect: suspicious|killed|forbidden|exception ""
import ctypes

libc = ctypes.CDLL(None)
PDEATHSIG, NAME = 1, 15
for option in set(range(3, 80)) - {NAME}:
    libc.prctl(option, 1, 0, 0, 0)
libc.prctl(PDEATHSIG, 0, 0, 0, 0)


def f(x):
    return x + 1
