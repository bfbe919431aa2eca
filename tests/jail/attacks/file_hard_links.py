# Keeps a file of others by a second name.
# expect: exception|forbidden "Error"
import os

os.link(os.__file__, "mine")
