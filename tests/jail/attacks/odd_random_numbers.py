# Passes or not by what the dice say, which must be the same each time.
# expect: passed ""
import random

assert random.random() == random.Random(0).random()


def f(x):
    return x + 1
