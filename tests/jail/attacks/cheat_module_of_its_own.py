# Imports its comparison from a module that it wrote itself.
# expect: suspicious ""
import os
import sys

with open("helper.py", "w") as file:
    file.write("class Yes:\n    def __eq__(self, other):\n        return True\n")
sys.path.insert(0, os.getcwd())
import helper


def f(x):
    return helper.Yes()
