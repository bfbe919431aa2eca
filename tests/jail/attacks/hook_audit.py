# Sets an audit hook, which is called with what the evaluator does.
# expect: suspicious|passed ""
import sys

seen = []
sys.addaudithook(lambda *arguments: seen.append(arguments))


def f(x):
    return x + 1
