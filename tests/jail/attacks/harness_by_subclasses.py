# Looks for classes of the harness.
# expect: passed ""
found = [cls.__module__ for cls in object.__subclasses__() if "leti" in repr(cls).lower()]
assert not found, found


def f(x):
    return x + 1
