# Lays a file where the tests' import finds it before the library's.
# expect: suspicious|exception ""
# tests: import colorsys
# tests: assert colorsys.rgb_to_hsv(*f(1)) == (0, 0, 1)
import os
import sys

with open("colorsys.py", "w") as file:
    file.write("rgb_to_hsv = lambda *arguments: (0, 0, 1)\n")
sys.path.insert(0, os.getcwd())


def f(x):
    return (9, 9, 9)
