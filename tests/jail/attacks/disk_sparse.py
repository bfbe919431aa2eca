# A file that says it is a terabyte.
# expect: exception "File too large"
with open("sparse", "wb") as file:
    file.truncate(1 << 40)
