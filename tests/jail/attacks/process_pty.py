# Forks onto a terminal of its own.
# expect: forbidden|exception "Error"
import pty

pid, fd = pty.fork()
