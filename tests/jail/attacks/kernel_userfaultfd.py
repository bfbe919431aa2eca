# Answers the kernel's page faults, slowly.
# expect: forbidden "the program called userfaultfd"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(323, 1) == -1:
    raise OSError(ctypes.get_errno(), "refused")
