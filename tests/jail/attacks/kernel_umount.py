# Takes its working folder away.
# expect: forbidden "the program called umount2"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.umount2(b"/sandbox", 2) == -1:
    raise OSError(ctypes.get_errno(), "refused")
