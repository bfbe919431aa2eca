# Imports a module of its own that ends well.
# expect: exited "before its tests ended"
import os
import sys

with open("other.py", "w") as file:
    file.write("raise SystemExit(0)")
sys.path.insert(0, os.getcwd())
import other
