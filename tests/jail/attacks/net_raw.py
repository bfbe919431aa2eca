# Opens a raw socket.
# expect: forbidden "the program called socket"
import socket

socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
