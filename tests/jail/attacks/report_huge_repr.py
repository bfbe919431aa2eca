# Fails by a key whose text is a gigabyte.
# expect: exception|memory "Error"


class Key:
    def __repr__(self):
        return "x" * (1 << 30)


{}[Key()]
