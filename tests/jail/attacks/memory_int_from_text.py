# A long text that is one number.
# expect: exception|memory|timeout ""
# option: timeout=1
x = int("9" * 10**8)
