# Ends itself as a failed assertion of C does.
# expect: killed "killed by signal 6 (Aborted)"
import os

os.abort()
