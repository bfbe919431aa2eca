# Watches the machine's files change.
# expect: forbidden "the program called inotify_init"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.inotify_init() == -1:
    raise OSError(ctypes.get_errno(), "refused")
