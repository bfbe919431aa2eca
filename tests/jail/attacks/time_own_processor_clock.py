# Ends by the signal of a limit of processor time, without having used any.
# expect: timeout|killed ""
import os
import signal

os.kill(os.getpid(), signal.SIGXCPU)
signal.pause()
