# Makes refused calls from many threads, and is killed in the midst of them.
# expect: killed "killed by signal 9"
import os
import threading
import time


def call():
    while True:
        try:
            os.setsid()
        except OSError:
            pass


for _ in range(16):
    threading.Thread(target=call, daemon=True).start()
time.sleep(0.1)
os.kill(os.getpid(), 9)
