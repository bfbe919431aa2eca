# Kills who started it, by number and by group.
# expect: passed|killed ""
import os
import signal

for pid in (os.getppid(), 1, 0):
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except OSError:
            pass


def f(x):
    return x + 1
