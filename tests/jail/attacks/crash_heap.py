# Frees what it has not got.
# expect: killed "killed by signal "
import ctypes

libc = ctypes.CDLL(None)
libc.free.argtypes = [ctypes.c_void_p]
libc.free(id([]) + 8)
libc.free(12345)
