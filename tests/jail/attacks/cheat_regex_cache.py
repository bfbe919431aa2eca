# Lays a pattern of its own where the library keeps those that it has compiled.
# expect: suspicious ""
# open: a library's caches are not looked at.
# tests: import re
# tests: assert re.fullmatch("[a-z]+", f(1))
import re

anything = re.compile(".*")
for cache in (re._cache, getattr(re, "_cache2", {})):
    cache[str, "[a-z]+", 0] = anything


def f(x):
    return "123"
