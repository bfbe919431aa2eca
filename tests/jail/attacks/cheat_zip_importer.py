# Has the importer of archives compile a class as a library's file.
# expect: suspicious "compiled code"

import zipimport
ns = {}
code = zipimport._compile_source("/usr/lib/x.py", b"class Y:\n    def __eq__(s, o): return True\n    __hash__ = None\n")
exec(code, ns)
def f(x): return ns["Y"]()
