# Kills every process that it may.
# expect: exception|killed ""
import os

os.kill(-1, 9)
