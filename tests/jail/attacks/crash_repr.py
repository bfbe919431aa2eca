# Has C code call itself too deeply.
# expect: killed "killed by signal 11 (Segmentation fault)"
import sys

sys.setrecursionlimit(2**31 - 1)
nested = []
for _ in range(10**6):
    nested = [nested]
repr(nested)
