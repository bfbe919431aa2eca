# Writes a result to every descriptor there may be, and ends.
# expect: exited "before its tests ended"
import os

for fd in range(4096):
    for text in (b"passed\n", b"\x01\0\0\0" * 64, b'{"passed": true}\n'):
        try:
            os.write(fd, text)
        except OSError:
            pass
os._exit(0)
