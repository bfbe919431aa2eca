# Takes rights.
# expect: forbidden "the program called capset"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)) == -1:
    raise OSError(ctypes.get_errno(), "refused")
