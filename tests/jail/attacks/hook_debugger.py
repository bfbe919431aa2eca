# Runs under the library's debugger.
# expect: suspicious|exception ""
import bdb


class Debugger(bdb.Bdb):
    def user_line(self, frame):
        pass


Debugger().set_trace()


def f(x):
    return x + 1
