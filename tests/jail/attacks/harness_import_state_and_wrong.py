# Empties all modules, those that the harness uses among them, and answers wrongly.
# expect: exception|killed ""
import sys

modules = [module for name, module in sys.modules.items() if name not in ("__main__", "sys")]


def f(x):
    for module in modules:
        vars(module).clear()
    return x
