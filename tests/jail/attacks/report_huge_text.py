# Fails with a message that takes all memory as soon as it is asked for.
# expect: exception "Huge"


class Huge(Exception):
    def __str__(self):
        return "x" * (900 << 20)


raise Huge
