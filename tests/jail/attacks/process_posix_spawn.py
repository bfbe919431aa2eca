# Starts a program without forking first.
# expect: forbidden "the program called "
import os

os.posix_spawn("/bin/sleep", ["sleep", "999"], {})
