# Asks for pairs of sockets of families that have none.
# expect: passed ""
import socket

got = []
for family in set(range(64)) - {socket.AF_UNIX}:
    for kind in range(1, 6):
        try:
            got.append(socket.socketpair(family, kind))
        except OSError:
            pass
assert not got, got


def f(x):
    return x + 1
