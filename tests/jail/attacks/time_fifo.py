# Waits for a writer that never comes.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import os

os.mkfifo("fifo")
open("fifo")
