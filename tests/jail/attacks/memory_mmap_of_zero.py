# Maps the device of zeros for writing.
# expect: exception|memory "Error"
# option: memory=256
import mmap

zero = open("/dev/zero", "rb+", buffering=0)
blocks = []
while True:
    blocks.append(mmap.mmap(zero.fileno(), 1 << 26))
    blocks[-1][:] = bytes(1 << 26)
