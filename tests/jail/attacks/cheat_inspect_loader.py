# Has a loader compile a class as a library's file.
# expect: suspicious "compiled code"

import importlib.abc
ns = {}
code = importlib.abc.InspectLoader.source_to_code("class Y:\n    def __eq__(s, o): return True\n    __hash__ = None\n", "/usr/lib/x.py")
exec(code, ns)
def f(x): return ns["Y"]()
