# Generators in generators, without the limit of recursion.
# expect: memory|killed|exception|timeout ""
# option: memory=256
import sys

sys.setrecursionlimit(10**9)


def deeper(n):
    yield from deeper(n + 1)


list(deeper(0))
