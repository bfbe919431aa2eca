# Parses a text of a hundred thousand brackets.
# expect: exception "RecursionError"
import json

json.loads("[" * 10**5)
