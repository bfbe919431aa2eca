# Ends the process when its answer is thrown away.
# expect: exited "before its tests ended"
import os


class Answer:
    def __del__(self):
        os._exit(0)


def f(x):
    return Answer()
