# Sends from a pair of sockets, which it may have, to a name outside.
# expect: exception|forbidden "Error"
import socket

one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
one.sendto(b"x", "\0leti-bait")
