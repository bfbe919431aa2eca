# Ends the tests' loop by the exception that means an end.
# expect: suspicious|exception ""
# open: so does Python say; nothing was compared.
# tests: assert all(got == expected for got, expected in zip(map(f, [1, 2]), [2, 3]))


def f(x):
    raise StopIteration
