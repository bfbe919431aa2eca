# Names that no file can have.
# expect: exception "File name too long"
open("x" * 100000, "w")
