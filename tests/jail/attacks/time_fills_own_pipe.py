# Writes to a pipe that nobody empties.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import os

end = os.pipe()[1]
while True:
    os.write(end, bytes(1 << 16))
