# Kills whoever watches it, and answers wrongly.
# expect: exception|killed ""
import os
import signal


def f(x):
    for pid in (os.getppid(), 1, -1):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    return x
