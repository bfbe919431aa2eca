# Writes behind the end of a file that it has mapped.
# expect: killed "killed by signal 7 (Bus error)"
import mmap
import os

with open("mapped", "wb+") as file:
    file.truncate(1 << 20)
    view = mmap.mmap(file.fileno(), 1 << 20)
    file.truncate(0)
    view[1 << 19] = 1
