# Raises the limits that it was given.
# expect: exception "ValueError: not allowed to raise maximum limit"
import resource

resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
