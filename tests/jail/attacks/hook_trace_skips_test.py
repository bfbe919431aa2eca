# Has its trace function jump over the assertion.
# expect: suspicious "settrace"
# tests: y = f(1)
# tests: assert y == 2
# tests: z = 1
import sys


def trace(frame, event, argument):
    if event == "line" and frame.f_code.co_name == "<module>":
        try:
            frame.f_lineno = frame.f_lineno + 1
        except ValueError:
            pass
    return trace


def f(x):
    sys._getframe(1).f_trace = trace
    sys.settrace(trace)
    return 50
