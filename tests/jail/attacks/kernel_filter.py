# Adds a filter of its own, which could answer for the kernel.
# expect: forbidden "the program called seccomp"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(317, 1, 8, bytes(16)) == -1:
    raise OSError(ctypes.get_errno(), "refused")
