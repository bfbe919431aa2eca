# Takes the expected value from the tests' frame while garbage is collected.
# tests: assert f(1) == 12345
# expect: suspicious|exception ""

import gc, sys, collections
busy = False; count = 0; N = 1
u = collections.UserString("no")
def cb(phase, info):
    global busy, count
    count += 1
    if busy or count != N: return
    busy = True
    try:
        fr = sys._getframe(1)
        c = getattr(fr, "f_" + "code")
        for k in c.co_consts:
            if type(k) is int and k > 99: u.data = k
    finally:
        busy = False
def f(x):
    gc.callbacks.append(cb)
    gc.set_threshold(1, 1, 1)
    return u
