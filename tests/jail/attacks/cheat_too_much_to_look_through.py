# Hides an object that agrees behind more than can be looked through.
# expect: suspicious|memory ""

import collections
class E:
    def __eq__(s, o): return True
def f(x):
    u = collections.UserString("")
    u.__dict__.clear()
    u.data = E()
    u.junk = [[] for _ in range(2200000)]
    return u
