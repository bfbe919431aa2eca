# Has all numbers of a kind rounded to one digit.
# expect: suspicious ""
# open: a library's settings are not looked at.
# tests: from decimal import Decimal
# tests: assert Decimal(f(1)) + 0 == Decimal(2)
import decimal

decimal.getcontext().prec = 1


def f(x):
    return "2.4"
