# Stops itself, so that it never ends.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
