# Runs a code object that no compiler made.
# expect: killed|suspicious|exception ""


def broken():
    pass


code = broken.__code__
broken.__code__ = code.replace(co_code=bytes([100, 255] * 50), co_stacksize=0)
broken()


def f(x):
    return x + 1
