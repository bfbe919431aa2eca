# Looks at the machine's hardware.
# expect: exception "FileNotFoundError"
import os

os.listdir("/sys/class")
