# Never ends, in Python's own code.
# expect: timeout "timed out after 1 s"
# option: timeout=1
while True:
    pass
