# Looks for the harness among all objects, and makes it forget what it finds.
# expect: suspicious ""
import gc
import types


class Yes:
    def __eq__(self, other):
        return True


class Deaf(list):
    def append(self, item):
        pass


gc.unfreeze()
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and thing.__name__ in ("compared", "rebound"):
        for cell in thing.__closure__ or ():
            if isinstance(cell.cell_contents, list):
                cell.cell_contents = Deaf()


def f(x):
    return Yes()
