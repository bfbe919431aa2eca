# Replaces the table of all builtins.
# expect: suspicious|exception ""
# tests: assert len(f(1)) == 2


def f(x):
    return []


__builtins__ = {"len": lambda x: 2, "__build_class__": __build_class__}
