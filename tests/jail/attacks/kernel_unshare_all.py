# Makes a namespace of each kind.
# expect: forbidden "the program called unshare"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if max(libc.unshare(bit) for bit in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x20000000, 0x40000000, 0x80)) == -1:
    raise OSError(ctypes.get_errno(), "refused")
