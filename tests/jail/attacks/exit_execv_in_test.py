# Becomes a program that always ends well, in the middle of the tests.
# expect: forbidden "the program called execve"
import os


def f(x):
    os.execve("/usr/bin/python3", ["python3", "-c", "pass"], {})
