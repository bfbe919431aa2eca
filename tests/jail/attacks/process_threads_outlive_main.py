# Has threads that neither end nor are told to.
# expect: passed ""
import threading
import time


def spin():
    while True:
        time.sleep(0.001)


for daemon in (True, False, True, False):
    threading.Thread(target=spin, daemon=daemon).start()


def f(x):
    return x + 1
