# Enters the namespaces of another process.
# expect: forbidden "the program called setns"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.setns(0, 0) == -1:
    raise OSError(ctypes.get_errno(), "refused")
