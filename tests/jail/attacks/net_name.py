# Looks up the address of a name.
# expect: forbidden|exception "gaierror"
import socket

socket.getaddrinfo("localhost.localdomain.invalid", 80)
