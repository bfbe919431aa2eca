# Has its module find a builtin under a key that is equal to the builtin's name, now and then.
# expect: suspicious|exception ""
# tests: answer = f(1)
# tests: assert abs(answer - 2) < 1e-6
live = False


class Key(str):
    def __hash__(self):
        return hash("abs")

    def __eq__(self, other):
        return live and other == "abs"


def never_far(x):
    global live
    live = False
    return 0


globals()[Key("other")] = never_far


def f(x):
    global live
    live = True
    return 50
