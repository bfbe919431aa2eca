# Reads the environment of the first process.
# expect: exception|forbidden "Error"
print(open("/proc/1/environ").read(1)[0])
