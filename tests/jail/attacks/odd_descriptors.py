# Opens as many files as it may.
# expect: exception "Too many open files"
files = []
while True:
    files.append(open("/dev/null"))
