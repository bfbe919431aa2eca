# Has the interpreter handle crashes and print every thread, then crashes.
# expect: killed "killed by signal 11"
import ctypes
import faulthandler

faulthandler.enable(file=open("trace", "w"))
ctypes.string_at(0)
