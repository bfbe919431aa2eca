# Takes the interpreter down under whoever runs it.
# expect: killed|exited|timeout|forbidden ""
# option: timeout=1
import ctypes

for library in (ctypes.pythonapi, ctypes.CDLL(None)):
    library.Py_FinalizeEx()
