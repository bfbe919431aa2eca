# Fails with a chain of exceptions as long as a recursion may be.
# expect: exception "ValueError"


def fail(n):
    try:
        if n:
            fail(n - 1)
        raise ValueError(0)
    except ValueError:
        raise ValueError(n)


fail(899)
