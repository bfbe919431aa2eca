# Prints for ever into memory.
# expect: memory "MemoryError"
# option: memory=256
import io
import sys

sys.stdout = io.StringIO()
while True:
    print("x" * 100000)
