# Takes memory in the smallest pieces.
# expect: memory "MemoryError"
# option: memory=256
chain = None
while True:
    chain = (chain,)
