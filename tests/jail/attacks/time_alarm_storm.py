# Is interrupted ten thousand times a second while it is tested.
# expect: passed ""
import signal

signal.signal(signal.SIGALRM, lambda *arguments: None)
signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)


def f(x):
    return sum(1 for _ in range(100000)) * 0 + x + 1
