# Writes for ever from several threads while the tests have passed long ago.
# expect: passed|output ""
import os
import threading


def write():
    while True:
        os.write(2, bytes(1 << 16))


for _ in range(4):
    threading.Thread(target=write).start()


def f(x):
    return x + 1
