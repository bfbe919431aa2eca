# Fills the disk with one file.
# expect: exception "Error"
with open("big", "wb") as file:
    while True:
        file.write(bytes(1 << 20))
