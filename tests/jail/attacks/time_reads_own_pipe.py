# Reads from a pipe of which it holds the other end.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import os

os.read(os.pipe()[0], 1)
