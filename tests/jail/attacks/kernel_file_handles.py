# Opens files by number, past all folders.
# expect: forbidden "the program called open_by_handle_at"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.open_by_handle_at(0, bytes(16), 0) == -1:
    raise OSError(ctypes.get_errno(), "refused")
