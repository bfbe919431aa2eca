# Has its trace function jump over the assertion.
# expect: suspicious "settrace"
# tests: y = f(1)
# tests: assert y == 2
# tests: z = 1
import sys

jumped = False


def trace(frame, event, argument):
    global jumped
    if event == "line" and not jumped and "y" in globals():
        jumped = True
        frame.f_lineno += 1
    return trace


def f(x):
    sys._getframe(1).f_trace = trace
    sys.settrace(trace)
    return 50
