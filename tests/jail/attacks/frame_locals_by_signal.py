# Reads what is expected by the frame that a signal's handler is given.
# expect: suspicious ""
# tests: def check(candidate):
# tests:     for given, expected in [(1, 12345)]:
# tests:         assert candidate(given) == expected
# tests: check(f)
import signal

frames = []
signal.signal(signal.SIGUSR1, lambda number, frame: frames.append(frame))


def f(x):
    signal.raise_signal(signal.SIGUSR1)
    frame = frames[0]
    while "expected" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["expected"]
