# Gives a file of its own a right that it does not have.
# expect: exception|forbidden "Error"
import os

open("program", "w").close()
os.setxattr("program", "security.capability", bytes.fromhex("0100000200200000" + "00" * 12))
