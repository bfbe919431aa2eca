# Has the interpreter's watchdog end the process.
# expect: exited "exited with status 1 before its tests ended"
import faulthandler
import os


def f(x):
    faulthandler.dump_traceback_later(0.05, exit=True, file=os.open("trace", os.O_CREAT | os.O_WRONLY))
    while True:
        pass
