# Reads the passwords of the machine.
# expect: exception "FileNotFoundError"
open("/etc/shadow").read()
