# Answers with a fraction whose parts are equal to everything.
# expect: suspicious ""
from fractions import Fraction


class Yes(int):
    def __eq__(self, other):
        return True


def f(x):
    answer = Fraction(5)
    answer._numerator = answer._denominator = Yes(5)
    return answer
