# Takes memory as files in its folder, which lie there.
# expect: exception "No space left on device"
for number in range(1000):
    with open(str(number), "wb") as file:
        file.write(bytes(1 << 20))
