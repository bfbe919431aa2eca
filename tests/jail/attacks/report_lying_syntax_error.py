# Fails with a SyntaxError that points to the billionth column of a line of ten megabytes.
# expect: exception "Error"
raise SyntaxError("lies", ("<string>", 10**9, 10**9, "x" * (10 << 20), 10**9, 10**9))
