# Sets every limit to what it is, and asks for those of others.
# expect: exception|forbidden "Error"
import resource

for name in dir(resource):
    if name.startswith("RLIMIT_"):
        limit = getattr(resource, name)
        resource.setrlimit(limit, resource.getrlimit(limit))
resource.prlimit(1234567, resource.RLIMIT_CPU, (1, 1))
