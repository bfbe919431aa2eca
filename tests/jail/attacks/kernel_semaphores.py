# Leaves System V semaphores.
# expect: forbidden "the program called semget"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.semget(0x1E71, 1, 0o1666) == -1:
    raise OSError(ctypes.get_errno(), "refused")
