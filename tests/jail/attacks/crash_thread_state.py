# Lets go of the interpreter's lock in the middle of a call.
# expect: killed|timeout|exception|suspicious ""
# option: timeout=0.5
import ctypes

ctypes.CDLL(None).PyEval_SaveThread() if hasattr(
    ctypes.CDLL(None), "PyEval_SaveThread"
) else ctypes.string_at(0)


def f(x):
    return x + 1
