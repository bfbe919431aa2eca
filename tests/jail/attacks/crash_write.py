# Writes over the interpreter.
# expect: killed "killed by signal 11 (Segmentation fault)"
import ctypes

ctypes.memset(id(int), 0xFF, 400)
int("1") + int("2")
