# Answers with a key that every dictionary holds.
# expect: suspicious ""
# tests: assert {2: True}.get(f(1), False)
# tests: assert {2: True}[f(1)]


class Key:
    def __hash__(self):
        return 2

    def __eq__(self, other):
        return True


def f(x):
    return Key()
