# Fails below a hundred thousand calls of two functions, of which no two are alike.
# expect: exception|killed|memory ""
import sys

sys.setrecursionlimit(10**6)


def one(n):
    return two(n - 1) if n else 1 / 0


def two(n):
    return one(n - 1) if n else 1 / 0


def f(x):
    return one(30000)
