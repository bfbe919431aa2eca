# Has a library that calls functions for others set its trace function.
# expect: suspicious "settrace"
import sched
import sys

scheduler = sched.scheduler()
scheduler.enter(0, 0, sys.settrace, (lambda *arguments: None,))
scheduler.run()


def f(x):
    return x + 1
