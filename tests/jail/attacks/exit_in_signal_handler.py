# Ends the process when an alarm clock goes off during the tests.
# expect: exited "exited with status 0 before its tests ended"
import os
import signal

signal.signal(signal.SIGALRM, lambda *arguments: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.01)


def f(x):
    while True:
        pass
