# Mounts a file system over its libraries.
# expect: forbidden "the program called mount"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"x", b"/usr", b"tmpfs", 0, None) == -1:
    raise OSError(ctypes.get_errno(), "refused")
