# Has another thread read what is expected.
# expect: suspicious "_current_frames"
# tests: assert f(1) == 12345
import sys
import threading

found = []


def look():
    frame = sys._current_frames()[threading.main_thread().ident]
    while frame is not None:
        found.extend(c for c in frame.f_code.co_consts if isinstance(c, int))
        frame = frame.f_back


def f(x):
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return max(found)
