# Changes what the root is for itself.
# expect: forbidden "the program called chroot"
import os

os.chroot(".")
