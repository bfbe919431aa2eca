# Asks for input.
# expect: exception "EOFError"
input("password: ")
