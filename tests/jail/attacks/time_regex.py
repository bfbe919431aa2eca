# A pattern that takes for ever, in C and without a look at signals.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import re

re.match(r"(a+)+$", "a" * 60 + "b")
