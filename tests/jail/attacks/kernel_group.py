# Leaves its group of processes.
# expect: forbidden "the program called setpgid"
import os

os.setpgid(0, 0)
