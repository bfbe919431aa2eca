# Lowers its own limit of processor time, then uses it up.
# expect: timeout|killed ""
import resource

resource.setrlimit(resource.RLIMIT_CPU, (0, resource.getrlimit(resource.RLIMIT_CPU)[1]))
while True:
    pass
