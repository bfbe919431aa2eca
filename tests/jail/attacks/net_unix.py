# Connects to a socket in the machine's file system.
# expect: forbidden "the program called socket"
import socket

socket.socket(socket.AF_UNIX).connect("/run/dbus/system_bus_socket")
