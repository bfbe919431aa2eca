# Sets an audit hook that lets nothing happen, the evaluator's work included.
# expect: suspicious|exception ""
import sys


def refuse(*arguments):
    raise RuntimeError


sys.addaudithook(refuse)


def f(x):
    return 50
