# Two threads, the main one among them, wait for each other; no signal gets through to Python.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import threading

one, two = threading.Lock(), threading.Lock()
one.acquire()
two.acquire()
threading.Thread(target=one.acquire).start()
two.acquire()
