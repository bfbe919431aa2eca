# Reserves more than there is.
# expect: exception "Error"
import os

with open("reserved", "wb") as file:
    os.posix_fallocate(file.fileno(), 0, 1 << 40)
