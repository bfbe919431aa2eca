# Fills the disk with names of one file, hard and symbolic.
# expect: exception "Error"
import itertools
import os

open("file", "w").close()
for number in itertools.count():
    os.link("file", f"hard{number}")
    os.symlink("x" * 4000, f"soft{number}")
