# Writes to a pipe that nobody empties.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import os

end = os.pipe()[1]
while True:
    os.write(end, bytes(1 << 16))
