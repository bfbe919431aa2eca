# Makes a user namespace, in which it would be root.
# expect: forbidden "the program called unshare"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10000000) == -1:
    raise OSError(ctypes.get_errno(), "refused")
