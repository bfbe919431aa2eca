# Has the importer load a class as a library's bytecode.
# expect: suspicious ""

import marshal
import importlib._bootstrap_external as b
ns = {}
code = compile("class Y:\n    def __eq__(s, o): return True\n    __hash__ = None\n", "x", "exec")
exec(b._compile_bytecode(marshal.dumps(code), source_path="/usr/lib/x.py"), ns)
def f(x): return ns["Y"]()
