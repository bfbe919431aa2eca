# Leaves a System V message queue.
# expect: forbidden "the program called msgget"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.msgget(0x1E71, 0o1666) == -1:
    raise OSError(ctypes.get_errno(), "refused")
