# Leaves a child behind: forks twice, in a session of its own.
# expect: forbidden "the program called fork"
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(999)
