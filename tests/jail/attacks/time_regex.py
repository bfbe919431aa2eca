# A pattern that takes for ever, in C and without a look at signals.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import re

re.match(r"(a+)+$", "a" * 60 + "b")
