# Opens a TCP socket.
# expect: forbidden "the program called socket"
import socket

socket.create_connection(("127.0.0.1", 22))
