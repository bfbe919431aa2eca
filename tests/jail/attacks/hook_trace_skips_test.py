# Has its trace function jump over the assertion.
# expect: suspicious ""
# tests: y = f(1)
# tests: assert y == 2
# tests: z = 1
import sys


def trace(frame, event, argument):
    global line
    if event == "line" and line:
        frame.f_lineno, line = line, None
    return trace


def f(x):
    global line
    frame = sys._getframe(1)
    line = frame.f_lineno + 2
    frame.f_trace = trace
    sys.settrace(trace)
    return 50
