# Reads from a pipe of which it holds the other end.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import os

os.read(os.pipe()[0], 1)
