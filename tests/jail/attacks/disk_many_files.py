# Fills the disk with names: files that hold nothing.
# expect: exception "No space left on device"
import itertools

for number in itertools.count():
    open(str(number), "w").close()
