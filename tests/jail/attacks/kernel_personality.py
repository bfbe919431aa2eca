# Turns off the randomness of addresses.
# expect: forbidden "the program called personality"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.personality(0x40000) == -1:
    raise OSError(ctypes.get_errno(), "refused")
