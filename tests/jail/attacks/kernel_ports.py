# Asks for the processor's ports.
# expect: forbidden "the program called ioperm"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.ioperm(0x70, 2, 1) == -1:
    raise OSError(ctypes.get_errno(), "refused")
