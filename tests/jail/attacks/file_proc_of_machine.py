# Reads and writes what the kernel says of the machine.
# expect: passed ""
got = []
for name in ("kcore", "kmsg", "kallsyms", "keys", "mounts", "sched_debug", "timer_list"):
    try:
        got.append(open("/proc/" + name, "rb").read(1))
    except OSError:
        pass
for name in ("sysrq-trigger", "sys/kernel/core_pattern", "sys/vm/drop_caches"):
    try:
        got.append(open("/proc/" + name, "wb"))
    except OSError:
        pass
assert not got, got


def f(x):
    return x + 1
