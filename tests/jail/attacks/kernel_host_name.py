# Renames the machine.
# expect: forbidden "the program called sethostname"
import socket

socket.sethostname("leti-attack")
