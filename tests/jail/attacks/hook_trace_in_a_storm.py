# Traces while signals interrupt whoever tells of it.
# expect: suspicious "sys.settrace"

import signal, sys, time
hits = 0
def h(*a):
    global hits
    hits += 1
signal.signal(signal.SIGALRM, h)
signal.setitimer(signal.ITIMER_REAL, 2e-5, 2e-5)
class Y:
    def __eq__(s, o): return True
sys.settrace(None)
signal.setitimer(signal.ITIMER_REAL, 0, 0)
def f(x): return Y()
