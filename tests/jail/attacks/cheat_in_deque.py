# Answers with a queue that holds an object equal to everything.
# expect: suspicious ""
# tests: from collections import deque
# tests: assert f(1) == deque([2])
import collections


class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2


def f(x):
    return collections.deque([Yes()])
