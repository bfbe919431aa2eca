# A format that asks for a terabyte of blanks.
# expect: memory "MemoryError"
x = "%1099511627776d" % 1 if False else f"{1:>1099511627776}"
