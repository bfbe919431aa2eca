# Fills the disk, does not mind, and is right.
# expect: passed ""
try:
    with open("big", "wb") as file:
        while True:
            file.write(bytes(1 << 20))
except OSError:
    pass


def f(x):
    return x + 1
