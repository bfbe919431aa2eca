# Has the importer compile a class as a library's file.
# expect: suspicious "compiled code"

import importlib.machinery, types
class L(importlib.machinery.SourceFileLoader):
    def get_data(self, path):
        return b"class Y:\n    def __eq__(s, o): return True\n    __hash__ = None\n"
m = types.ModuleType("helper")
L("helper", "/usr/lib/helper.py").exec_module(m)
def f(x): return m.Y()
