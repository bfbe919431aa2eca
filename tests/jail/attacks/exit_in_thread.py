# Has another thread end the process during the tests.
# expect: exited "exited with status 0 before its tests ended"
import os
import threading


def f(x):
    threading.Thread(target=os._exit, args=(0,)).start()
    threading.Event().wait()
