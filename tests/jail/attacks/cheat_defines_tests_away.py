# Ends in the head of a function, of which the test becomes the body.
# expect: exception|suspicious ""
def f(x):
    return 50


def never(): \