# Makes a pair of sockets that could send to any other.
# expect: forbidden "socketpair"

import socket

socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)


def f(x):
    return x + 1
