# Watches the processor.
# expect: forbidden "the program called perf_event_open"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(298, bytes(128), 0, -1, -1, 0) == -1:
    raise OSError(ctypes.get_errno(), "refused")
