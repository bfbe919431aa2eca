# Ends the process when its answer is compared.
# expect: exited "before its tests ended"
import os


class Answer:
    def __eq__(self, other):
        os._exit(0)


def f(x):
    return Answer()
