# Crashes in C.
# expect: killed "killed by signal 11 (Segmentation fault)"
import ctypes

ctypes.string_at(0)
