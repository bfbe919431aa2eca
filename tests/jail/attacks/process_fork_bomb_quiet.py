# Forks for ever, and does not mind that it may not.
# expect: timeout "timed out after 0.5 s"
# option: timeout=0.5
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
