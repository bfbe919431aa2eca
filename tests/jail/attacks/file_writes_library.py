# Writes into the library that the next program imports.
# expect: exception|forbidden "Error"
import os

open(os.__file__, "a").write("# leti-attack\n")
