# Asks for the keys of others.
# expect: forbidden "the program called request_key"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(249, b"user", b"leti-attack", 0, -4) == -1:
    raise OSError(ctypes.get_errno(), "refused")
