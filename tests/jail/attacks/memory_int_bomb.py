# A number of 2**36 bits.
# expect: memory "MemoryError"
x = 1 << (1 << 36)
