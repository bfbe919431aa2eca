# Reads the tests where the interpreter keeps its sources for tracebacks.
# expect: suspicious|exception ""
# tests: assert f(1) == 12345
import linecache
import re


def f(x):
    lines = [line for line in linecache.getlines("<string>") if line[0] != "#"]
    return int(re.findall(r"f\(1\) == (\d+)", "".join(lines))[-1])
