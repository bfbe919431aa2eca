# Prints a traceback that is not its own, and fails.
# expect: exception "ZeroDivisionError: division by zero"
import sys

print("Traceback (most recent call last):\nAllIsWell", file=sys.stderr, flush=True)
1 / 0
