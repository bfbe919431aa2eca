# Leaves a key with the kernel.
# expect: forbidden "the program called add_key"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(248, b"user", b"leti-attack", b"x", 1, -4) == -1:
    raise OSError(ctypes.get_errno(), "refused")
