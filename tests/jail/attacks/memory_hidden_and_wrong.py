# Swallows that memory ran out, and answers wrongly.
# expect: exception "AssertionError"
# option: memory=256


def f(x):
    try:
        return bytearray(1 << 40)
    except MemoryError:
        return None
