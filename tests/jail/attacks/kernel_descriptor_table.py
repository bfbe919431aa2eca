# Shares or hides its table of segments.
# expect: forbidden "the program called modify_ldt"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(154, 1, bytes(16), 16) == -1:
    raise OSError(ctypes.get_errno(), "refused")
