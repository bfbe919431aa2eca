# A single call of a builtin that does not end.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import itertools

sum(itertools.repeat(0))
