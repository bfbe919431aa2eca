# Gives the descriptors that it has the numbers of those that it has not.
# expect: passed ""
import os

for number in range(3, 60):
    os.dup2(0, number)
os.dup2(0, 1)
os.dup2(0, 2)


def f(x):
    return x + 1
