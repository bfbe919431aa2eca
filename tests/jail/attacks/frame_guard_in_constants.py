# Finds the guard among the constants of the tests, and makes it forget what it finds.
# expect: suspicious ""
import sys
import types


class Yes:
    def __eq__(self, other):
        return True


class Deaf(list):
    def append(self, item):
        pass


def f(x):
    for constant in sys._getframe(1).f_code.co_consts:
        if isinstance(constant, types.FunctionType):
            for cell in constant.__closure__:
                if isinstance(cell.cell_contents, list):
                    cell.cell_contents = Deaf()
    return Yes()
