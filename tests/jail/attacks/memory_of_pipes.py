# Takes the kernel's memory, as what lies in pipes.
# expect: exception "Error"
import fcntl
import os

pipes = []
while True:
    pipes.append(os.pipe())
    fcntl.fcntl(pipes[-1][1], 1031, 1 << 20)  # F_SETPIPE_SZ
    os.set_blocking(pipes[-1][1], False)
    os.write(pipes[-1][1], bytes(1 << 20))
