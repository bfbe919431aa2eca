# Fails with a message of a hundred megabytes.
# expect: exception "ValueError"
raise ValueError("x" * (100 << 20))
