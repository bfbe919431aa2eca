# Fails with an exception that is its own cause, and the cause of that.
# expect: exception "ValueError: one"
one, two = ValueError("one"), ValueError("two")
one.__cause__ = two
two.__cause__ = one
raise one
