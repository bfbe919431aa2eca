# Reads the kernel's log.
# expect: forbidden "the program called syslog"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.klogctl(3, bytes(64), 64) == -1:
    raise OSError(ctypes.get_errno(), "refused")
