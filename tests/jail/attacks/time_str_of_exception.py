# Raises an exception whose text never comes.
# expect: timeout|exception ""
# option: timeout=1


class Endless(Exception):
    def __str__(self):
        while True:
            pass


raise Endless
