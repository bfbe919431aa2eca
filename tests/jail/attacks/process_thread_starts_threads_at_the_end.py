# Each thread starts the next when it ends, so that there is always one.
# expect: passed ""
import threading


def next_one():
    threading.Thread(target=next_one).start()


next_one()


def f(x):
    return x + 1
