# Sets the clock.
# expect: forbidden "the program called "
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.clock_settime(0, bytes(16)) == -1:
    raise OSError(ctypes.get_errno(), "refused")
