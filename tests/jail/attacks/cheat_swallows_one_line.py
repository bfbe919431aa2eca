# Ends in a line that goes on, and that is never run.
# expect: exception|suspicious ""
def f(x):
    return 50


if False: \