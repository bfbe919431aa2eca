# Holds objects whose finalizers never end.
# expect: passed ""


class Stays:
    def __del__(self):
        while True:
            pass


stays = Stays()
stays.itself = Stays()
stays.itself.other = stays


def f(x):
    return x + 1
