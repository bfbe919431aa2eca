# Seeds the random numbers of whoever comes next.
# expect: passed ""
import random

random.seed(12345)
random.random = lambda: 0.5


def f(x):
    return x + 1
