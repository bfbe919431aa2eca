# Takes all memory, keeps it, and goes on to fail in another way: there must be room to say so.
# expect: exception "ValueError: after all"
# option: memory=256
blocks = []
try:
    size = 1 << 22
    while size:
        try:
            blocks.append(bytearray(size))
        except MemoryError:
            size //= 2
finally:
    raise ValueError("after all")
