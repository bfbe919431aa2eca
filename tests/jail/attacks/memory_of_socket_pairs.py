# Takes the kernel's memory, as descriptors on their way from one socket to another.
# expect: passed|exception|forbidden ""
import socket

pairs = []
sent = 0
try:
    while sent < 1000:
        one, two = socket.socketpair()
        one.setblocking(False)
        pairs.append((one, two))
        for _ in range(200):
            socket.send_fds(one, [b"x"], [one.fileno(), two.fileno()] * 20)
            sent += 1
        if len(pairs) > 4:
            one, two = pairs.pop(0)
            one.close()
            two.close()
except (OSError, AttributeError):
    pass


def f(x):
    return x + 1
