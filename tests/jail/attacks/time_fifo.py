# Waits for a writer that never comes.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import os

os.mkfifo("fifo")
open("fifo")
