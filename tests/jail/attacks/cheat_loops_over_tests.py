# Has a tuple of names for its answer: nothing of this is ever called.
# expect: exception "TypeError"
f = (lambda: 2,)
