# Compiles a pattern that is too deep.
# expect: exception "RecursionError"
import re

re.compile("(" * 5000 + ")" * 5000)
