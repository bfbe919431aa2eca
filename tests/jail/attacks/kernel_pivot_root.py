# Changes what the root is.
# expect: forbidden "the program called pivot_root"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(155, b".", b".") == -1:
    raise OSError(ctypes.get_errno(), "refused")
