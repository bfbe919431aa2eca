# Sleeps in the handlers that run at the end of an interpreter.
# expect: passed ""
import atexit
import threading
import time

atexit.register(time.sleep, 999)
if hasattr(threading, "_register_atexit"):
    threading._register_atexit(time.sleep, 999)


def f(x):
    return x + 1
