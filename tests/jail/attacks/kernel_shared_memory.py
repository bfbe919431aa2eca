# Leaves System V shared memory.
# expect: forbidden "the program called shmget"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.shmget(0x1E71, 4096, 0o1666) == -1:
    raise OSError(ctypes.get_errno(), "refused")
