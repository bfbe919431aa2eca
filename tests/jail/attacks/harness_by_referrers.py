# Finds the harness by who refers to a class that it uses.
# expect: suspicious ""
import gc
import types


class Yes:
    def __eq__(self, other):
        return True


todo, seen = [types.FunctionType, types.BuiltinFunctionType], set()
while todo and len(seen) < 2000:
    for other in gc.get_referrers(todo.pop()):
        if id(other) not in seen:
            seen.add(id(other))
            if isinstance(other, (types.CellType, types.FunctionType)):
                todo.append(other)
            if isinstance(other, types.FunctionType) and other.__name__ == "compared":
                other.__code__ = (lambda slot, first, value: value).__code__


def f(x):
    return Yes()
