# Makes a file in memory, from which it could run a program.
# expect: forbidden "the program called memfd_create"
import os

os.memfd_create("leti-attack")
