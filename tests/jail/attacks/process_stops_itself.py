# Stops itself, so that it never ends.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
