# Looks for other processes.
# expect: passed ""
import os

others = [name for name in os.listdir("/proc") if name.isdigit()]
assert set(others) <= {str(os.getpid())}, others


def f(x):
    return x + 1
