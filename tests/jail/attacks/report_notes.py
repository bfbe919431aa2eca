# Fails with a million notes.
# expect: exception "ValueError"
error = ValueError("noted")
error.__notes__ = ["a note of some length"] * 10**6
raise error
