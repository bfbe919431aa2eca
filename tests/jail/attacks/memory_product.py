# A library function that first takes all of an endless iterator.
# expect: memory "MemoryError"
# option: memory=256
import itertools

itertools.product(map(bytes, itertools.repeat(9999)))
