# Goes before others.
# expect: forbidden "the program called "
import os

os.nice(-20)
