# Forks for ever, and does not mind that it may not.
# expect: timeout "timed out after 1 s"
# option: timeout=1
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
