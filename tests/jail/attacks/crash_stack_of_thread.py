# Uses up the stack of a thread that has hardly any.
# expect: killed|passed|exception ""
import sys
import threading

threading.stack_size(1 << 15)
sys.setrecursionlimit(2**31 - 1)
nested = []
for _ in range(10**5):
    nested = [nested]
thread = threading.Thread(target=repr, args=(nested,))
thread.start()
thread.join()


def f(x):
    return x + 1
