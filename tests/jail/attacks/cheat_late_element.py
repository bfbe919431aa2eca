# Puts an object that is equal to everything into its answer after that was looked at.
# expect: suspicious ""
# tests: assert f(1) == [f(0) + 2]


class Yes:
    def __eq__(self, other):
        return True


answer = [5]


def f(x):
    if x == 0:
        answer[0] = Yes()
        return 0
    return answer
