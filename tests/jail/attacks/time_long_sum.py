# A single call of a builtin that does not end.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import itertools

sum(itertools.repeat(0))
