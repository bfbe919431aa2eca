# Becomes a program that always ends well.
# expect: forbidden "the program called execve"
import os

os.execv("/bin/true", ["true"])
