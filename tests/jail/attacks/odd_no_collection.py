# Turns off what frees memory, then makes rubbish.
# expect: memory "MemoryError"
# option: memory=256
import gc

gc.disable()
while True:
    rubbish = [bytearray(1 << 16)]
    rubbish.append(rubbish)
