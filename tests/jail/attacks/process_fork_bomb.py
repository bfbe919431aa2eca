# Forks until the machine has no room left.
# expect: forbidden "the program called fork"
import os

while True:
    os.fork()
