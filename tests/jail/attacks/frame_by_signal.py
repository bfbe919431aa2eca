# Reads what is expected from the frame that a signal's handler is given.
# expect: suspicious ""
# tests: assert f(1) == 12345
import signal

frames = []


def handler(number, frame):
    frames.append(frame)


signal.signal(signal.SIGUSR1, handler)


def f(x):
    signal.raise_signal(signal.SIGUSR1)
    frame, found = frames[0], []
    while frame is not None:
        found += [c for c in frame.f_code.co_consts if isinstance(c, int)]
        frame = frame.f_back
    return max(found)
