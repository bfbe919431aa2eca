# Loads a program into the kernel.
# expect: forbidden "the program called bpf"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(321, 5, bytes(128), 128) == -1:
    raise OSError(ctypes.get_errno(), "refused")
