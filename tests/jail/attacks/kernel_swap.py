# Has the machine swap.
# expect: forbidden "the program called swapon"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.swapon(b"/sandbox/x", 0) == -1:
    raise OSError(ctypes.get_errno(), "refused")
