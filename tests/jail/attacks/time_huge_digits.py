# The digits of a large number, which take the square of its length.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import sys

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)
x = str(1 << 10**8)
