# Has a library compile its comparison, in the name of a file of the library.
# expect: suspicious ""
import codeop
import types

module = types.ModuleType("helper")
source = "class Yes:\n    def __eq__(self, other):\n        return True\n"
exec(codeop.compile_command(source, "/usr/lib/helper.py", "exec"), vars(module))


def f(x):
    return module.Yes()
