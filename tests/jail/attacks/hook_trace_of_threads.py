# Sets a trace function for its threads.
# expect: suspicious|passed ""
import threading

threading.settrace(lambda *arguments: None)
thread = threading.Thread(target=print)
thread.start()
thread.join()


def f(x):
    return x + 1
