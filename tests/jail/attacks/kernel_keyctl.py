# Joins a session's keyring.
# expect: forbidden "the program called keyctl"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(250, 1, 0) == -1:
    raise OSError(ctypes.get_errno(), "refused")
