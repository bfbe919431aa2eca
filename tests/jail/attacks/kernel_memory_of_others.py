# Reads the memory of another process.
# expect: forbidden "the program called process_vm_readv"
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
if libc.process_vm_readv(1, bytes(16), 1, bytes(16), 1, 0) == -1:
    raise OSError(ctypes.get_errno(), "refused")
