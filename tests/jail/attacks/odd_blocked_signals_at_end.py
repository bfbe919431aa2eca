# Ends with every signal blocked and some waiting.
# expect: passed ""
import os
import signal

signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM, signal.SIGCHLD):
    os.kill(os.getpid(), number)


def f(x):
    return x + 1
