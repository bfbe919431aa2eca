# Reads who has an account.
# expect: exception "Error"
import pwd

assert [entry.pw_name for entry in pwd.getpwall()] == []
open("/etc/passwd").read()
