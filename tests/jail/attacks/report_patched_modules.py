# Fails, after it has replaced all that prints failures.
# expect: exception|exited ""
import io
import linecache
import os
import sys
import traceback

sys.excepthook = sys.unraisablehook = lambda *arguments: os._exit(0)
sys.stderr = None
for module in (traceback, linecache):
    for name in dir(module):
        if not name.startswith("__"):
            setattr(module, name, lambda *arguments, **named: os._exit(0))
io.StringIO = None
1 / 0
