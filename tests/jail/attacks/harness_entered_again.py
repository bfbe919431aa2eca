# Starts the harness a second time, as the module that it is.
# expect: exited|exception|suspicious|killed ""
import _imp
import sys
import types

paths = [text for text in getattr(sys, "orig_argv", []) if text.endswith(".so")]
for path in paths + ["evaluator.python.so"]:
    _imp.create_dynamic(types.SimpleNamespace(name="leti_zygote", origin=path))
