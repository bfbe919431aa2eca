# Replaces a method of a class that the library's function uses, which the tests call.
# expect: suspicious ""
# tests: import json
# tests: assert json.dumps(f(1)) == "[2]"
import json

json.JSONEncoder.encode = lambda self, value: "[2]"


def f(x):
    return [50]
