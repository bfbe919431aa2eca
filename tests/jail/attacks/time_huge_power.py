# A number of a hundred million digits.
# expect: timeout|memory ""
# option: timeout=0.5
x = 7 ** 10**8
