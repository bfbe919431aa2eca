# Has its memory locked, so that the machine cannot take it back.
# expect: exception "AssertionError"
import ctypes

assert ctypes.CDLL(None).mlockall(3) == 0
