# Reads what is expected by the library's walk along a traceback.
# expect: suspicious ""
# tests: def check(candidate):
# tests:     for given, expected in [(1, 12345)]:
# tests:         assert candidate(given) == expected
# tests: check(f)
import traceback


def f(x):
    try:
        raise ValueError
    except ValueError as error:
        frame, line = next(traceback.walk_tb(error.__traceback__))
    return frame.f_back.f_locals["expected"]
