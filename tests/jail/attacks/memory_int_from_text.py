# A long text that is one number.
# expect: exception|memory|timeout ""
# option: timeout=0.5
x = int("9" * 10**8)
