# Never ends, in Python's own code.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
while True:
    pass
