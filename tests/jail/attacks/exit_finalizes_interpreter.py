# Takes the interpreter down under whoever runs it.
# expect: killed|exited|timeout|forbidden ""
# option: timeout=0.5
import ctypes

for library in (ctypes.pythonapi, ctypes.CDLL(None)):
    library.Py_FinalizeEx()
