# Has the kernel make system calls past the filter.
# expect: forbidden "the program called io_uring_setup"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(425, 8, bytes(120)) == -1:
    raise OSError(ctypes.get_errno(), "refused")
