# Has C code call itself too deeply.
# expect: killed|exception ""
import sys

sys.setrecursionlimit(2**31 - 1)
nested = []
for _ in range(10**6):
    nested = [nested]
repr(nested)
