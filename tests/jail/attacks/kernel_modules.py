# Loads a kernel module.
# expect: forbidden "the program called init_module"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(175, b"x", 1, b"") == -1:
    raise OSError(ctypes.get_errno(), "refused")
