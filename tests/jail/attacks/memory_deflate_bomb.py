# A few kilobytes that unpack to a hundred gigabytes.
# expect: memory "MemoryError"
# option: memory=256
import zlib

packer = zlib.compressobj(9, zlib.DEFLATED, -15)
zeros = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
zlib.decompress(zeros * 100000, -15)
