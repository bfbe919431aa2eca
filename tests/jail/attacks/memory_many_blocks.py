# Takes memory in pieces until there is none.
# expect: memory "MemoryError"
# option: memory=256
blocks = []
while True:
    blocks.append(bytes(1 << 20))
