# Two threads, the main one among them, wait for each other; no signal gets through to Python.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import threading

one, two = threading.Lock(), threading.Lock()
one.acquire()
two.acquire()
threading.Thread(target=one.acquire).start()
two.acquire()
