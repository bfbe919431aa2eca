# Writes to stderr for ever.
# expect: output "wrote more than 16 MiB of output"
import sys

while True:
    sys.stderr.write("x" * 10000)
