# Takes the identity of root.
# expect: forbidden "the program called "
import os

os.setuid(0)
