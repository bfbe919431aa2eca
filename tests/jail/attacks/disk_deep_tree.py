# Folders in folders, too deep for any path.
# expect: exception "Error"
import os

while True:
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
