# Has a shell run in the background; the shell's status is the only answer.
# expect: exception "AssertionError"
import os

assert os.system("sleep 999 &") == 0
