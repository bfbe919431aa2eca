# Answers with a dictionary's keys.
# expect: suspicious ""
# tests: assert f(1) == {2}


class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2


def f(x):
    return {Yes(): 1}.keys()
