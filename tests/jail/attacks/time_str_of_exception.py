# Raises an exception whose text never comes.
# expect: timeout|exception ""
# option: timeout=0.5


class Endless(Exception):
    def __str__(self):
        while True:
            pass


raise Endless
