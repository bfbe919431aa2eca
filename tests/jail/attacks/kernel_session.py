# Leaves its session.
# expect: forbidden "the program called setsid"
import os

os.setsid()
