# Forgets all modules, those that the harness uses among them.
# expect: exception|passed ""
import sys

for name in list(sys.modules):
    if name != "__main__":
        del sys.modules[name]


def f(x):
    return x + 1
