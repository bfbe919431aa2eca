# Compiles its comparison as a module of the library.
# expect: suspicious ""
import sys
import types

module = types.ModuleType("helper")
sys.modules["helper"] = module
exec(compile("class Yes:\n __eq__ = lambda a, b: True\n", "/usr/lib/helper.py", "exec"), vars(module))


def f(x):
    return module.Yes()
