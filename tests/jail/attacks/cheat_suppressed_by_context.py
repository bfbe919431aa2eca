# Answers with a context manager that swallows what its body raises.
# expect: suspicious ""
# open: nobody asks a context manager whether it swallowed an exception.
# tests: with f(1) as got:
# tests:     assert got == 2


class Swallows:
    def __enter__(self):
        return 50

    def __exit__(self, *arguments):
        return True


def f(x):
    return Swallows()
