# Makes its libraries writable.
# expect: forbidden "the program called mount"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(None, b"/usr", None, 32, None) == -1:
    raise OSError(ctypes.get_errno(), "refused")
