# Fails with groups of exceptions in groups, where Python has them.
# expect: exception ""
group = ValueError("inner")
for _ in range(2000):
    group = ExceptionGroup("group", [group])
raise group
