# Calls itself, and is stopped by the interpreter.
# expect: exception "RecursionError: maximum recursion depth exceeded"


def f(x):
    return f(x)
