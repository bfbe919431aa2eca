# Has the importer compile its comparison, in the name of a file of the library.
# expect: suspicious ""
import importlib.machinery
import types

module = types.ModuleType("helper")
source = b"class Yes:\n    def __eq__(self, other):\n        return True\n"
loader = importlib.machinery.SourceFileLoader("helper", "/usr/lib/helper.py")
exec(loader.source_to_code(source, "/usr/lib/helper.py"), vars(module))


def f(x):
    return module.Yes()
