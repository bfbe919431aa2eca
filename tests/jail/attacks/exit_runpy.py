# Runs another program, as main, in place of the tests.
# expect: exited "before its tests ended"
import runpy
import sys

with open("other.py", "w") as file:
    file.write("raise SystemExit(0)")
runpy.run_path("other.py", run_name="__main__")
