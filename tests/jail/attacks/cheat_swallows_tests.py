# Ends in a text without an end, which the tests' own text closes.
# expect: exception|suspicious ""
# tests: assert f(1) == 2
# tests: NOTE = """ # what this is about """
def f(x):
    return 50


swallowed = """