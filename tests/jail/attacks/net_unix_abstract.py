# Binds a name that no file system holds, and that others could find.
# expect: forbidden "the program called socket"
import socket

socket.socket(socket.AF_UNIX).bind("\0leti-attack")
