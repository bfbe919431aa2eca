# Lets other threads run once in a thousand years, and one of them loop.
# expect: passed|timeout ""
# option: timeout=0.5
import sys
import threading


def spin():
    while True:
        pass


sys.setswitchinterval(1e9)


def f(x):
    threading.Thread(target=spin, daemon=True).start()
    return x + 1
