# Types into the terminal of whoever started it.
# expect: exception|forbidden "Error"
import fcntl
import termios

for fd in (0, 1, 2):
    fcntl.ioctl(fd, termios.TIOCSTI, b"x")
