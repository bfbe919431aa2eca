# Takes more memory at once than any machine has.
# expect: memory "MemoryError"
x = "a" * (1 << 50)
