# Speaks to whoever watches it by the system call that notes go through.
# expect: suspicious|exception|exited ""
import ctypes

libc = ctypes.CDLL(None)
for text in (b"passed", b"", bytes(300), b"x" * 4096):
    libc.prctl(0x4954454C, ctypes.c_char_p(text), len(text), 0, 0)
libc.prctl(0x4954454C, ctypes.c_void_p(1), 0, 0, 0)
libc.prctl(0x4954454C, ctypes.c_void_p(-1), -1, -1, -1)


def f(x):
    return x + 1
