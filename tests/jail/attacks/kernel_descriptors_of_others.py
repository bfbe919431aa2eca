# Takes a descriptor from another process.
# expect: forbidden "the program called pidfd_"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if min(libc.syscall(434, 1, 0), libc.syscall(438, 0, 0, 0)) == -1:
    raise OSError(ctypes.get_errno(), "refused")
