# Answers with objects that sort as they like and are equal to everything.
# expect: suspicious ""
# tests: assert sorted(f(1)) == [1, 2, 3]


class Yes(int):
    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return True


def f(x):
    return [Yes()] * 3
