# Leaves a POSIX message queue.
# expect: forbidden "the program called mq_open"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(240, b"leti-attack", 0o102, 0o666, 0) == -1:
    raise OSError(ctypes.get_errno(), "refused")
