# Takes memory that Python does not manage.
# expect: exception|memory "Cannot allocate memory"
# option: memory=256
import mmap

blocks = []
while True:
    blocks.append(mmap.mmap(-1, 1 << 24))
    blocks[-1].write(bytes(1 << 24))
