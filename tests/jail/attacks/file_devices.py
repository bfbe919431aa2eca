# Opens devices.
# expect: passed ""
import os

got = []
for name in ("mem", "kmem", "port", "kmsg", "sda", "vda", "loop0", "tty", "console", "ptmx"):
    for folder in ("/dev/", "/dev/pts/", "/proc/self/root/dev/"):
        try:
            got.append(os.open(folder + name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
        except OSError:
            pass
for name in ("fuse", "kvm", "net/tun", "vhost-net", "uinput", "nvidia0", "dri/card0", "shm/x"):
    try:
        got.append(os.open("/dev/" + name, os.O_RDWR))
    except OSError:
        pass
assert not got, got


def f(x):
    return x + 1
