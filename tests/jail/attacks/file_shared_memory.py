# Leaves a block of named memory.
# expect: exception|forbidden "Error"
from multiprocessing import shared_memory

shared_memory.SharedMemory("leti-attack", create=True, size=4096)
