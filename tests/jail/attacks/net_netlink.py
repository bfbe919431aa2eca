# Asks the kernel about its network.
# expect: forbidden "the program called socket"
import socket

socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
