# Raises out of the evaluator's own work, by an alarm clock.
# expect: exception|suspicious|exited "Error"
import signal


class OwnError(Exception):
    pass


def handler(*arguments):
    raise OwnError


def f(x):
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 1e-5, 1e-5)
    while True:
        pass
