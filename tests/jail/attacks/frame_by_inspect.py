# Reads what is expected by the library's way to the calling frame.
# expect: suspicious "frame"
# tests: assert f(1) == 12345
import inspect


def f(x):
    code = inspect.currentframe().f_back.f_code
    return max(c for c in code.co_consts if isinstance(c, int))
