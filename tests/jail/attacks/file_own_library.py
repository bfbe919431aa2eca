# Loads machine code from its folder.
# expect: exception "failed to map segment"
import _ctypes
import ctypes
import glob
import shutil

library = getattr(_ctypes, "__file__", None) or glob.glob("/lib/*/libm.so.6")[0]
shutil.copy(library, "mine.so")
ctypes.CDLL("./mine.so")
