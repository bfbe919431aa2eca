# Tries each family and type of socket, and does not mind a refusal.
# expect: passed ""
import socket

got = []
for family in range(64):
    for kind in range(1, 12):
        try:
            got.append(socket.socket(family, kind))
        except OSError:
            pass
assert not got, got


def f(x):
    return x + 1
