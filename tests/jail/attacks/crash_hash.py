# Hashes a tuple that is too deep.
# expect: killed|exception ""
nested = ()
for _ in range(10**6):
    nested = (nested,)
hash(nested)
