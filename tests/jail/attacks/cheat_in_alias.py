# Answers with a generic type, which is compared by what it holds.
# expect: suspicious ""
# tests: assert f(1) == list[2] if hasattr(list, '__class_getitem__') else f(1) == 2


class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2


def f(x):
    return list[Yes()] if hasattr(list, '__class_getitem__') else Yes()
