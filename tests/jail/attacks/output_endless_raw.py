# Writes for ever, past Python's files and through a copy of the descriptor.
# expect: output "wrote more than 16 MiB of output"
import os

copy = os.dup(1)
while True:
    os.write(copy, bytes(1 << 20))
