"""measure - time and processor time of commands, for the programs beside this file.

Processor time is counted twice. `own` is what a control group says that the command and all its
descendants used, whoever reaped them: wait4 forgets the children of a process that was killed, and
so does not see programs that end with their namespace. `machine` is what all processors did
meanwhile less what they did before: it includes the kernel's threads, which take namespaces apart.

SPDX-License-Identifier: Apache-2.0
"""
import dataclasses
import os
import subprocess
import sys
import time

OTHERS_MOST = 0.12  # of a quiet machine: the kernel's threads have their part of it


def busy_seconds():
    """Of all processors since the machine started."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def background(calm):
    """How many processors are busy now; waits up to calm seconds for them to be few."""
    deadline = time.monotonic() + calm
    while True:
        before, start = busy_seconds(), time.monotonic()
        time.sleep(0.5)
        share = (busy_seconds() - before) / (time.monotonic() - start)
        if share < 0.1 or time.monotonic() > deadline:
            return share


def _own_groups():
    """(controllers, path) of each hierarchy that we are in."""
    with open("/proc/self/cgroup") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            yield controllers.split(","), path


class Group:
    """A control group that counts processor time; of version 1 or 2, whichever may be had."""

    def __init__(self):
        self.folder = None
        for controllers, path in _own_groups():
            tops = []
            if "cpuacct" in controllers:
                tops = ["/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpu,cpuacct"]
            elif controllers == [""]:
                tops = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]
            for top in tops:
                folder = f"{top}{path.rstrip('/')}/leti-bench-{os.getpid()}"
                try:
                    os.mkdir(folder)
                except OSError:
                    continue
                if os.path.exists(f"{folder}/cgroup.procs"):
                    self.folder = folder
                    return
                os.rmdir(folder)

    def enter(self):
        """For the child, before it becomes the command."""
        if self.folder:
            with open(f"{self.folder}/cgroup.procs", "w") as file:
                file.write("0")

    def seconds(self):
        if not self.folder:
            return float("nan")
        usage = f"{self.folder}/cpuacct.usage"
        if os.path.exists(usage):
            with open(usage) as file:
                return int(file.read()) / 1e9
        with open(f"{self.folder}/cpu.stat") as file:
            return int(dict(line.split() for line in file)["usage_usec"]) / 1e6

    def close(self):
        for _ in range(100):
            try:
                if self.folder:
                    os.rmdir(self.folder)
                return
            except OSError:  # the last of them are still ending
                time.sleep(0.02)


@dataclasses.dataclass
class Cost:
    wall: float  # s
    own: float  # s of processor time of the command and its descendants; nan: not known
    machine: float  # s of processor time of the whole machine, less the background's
    others: float  # the share of the processors that everything else had, from 0 to 1


def _run_once(command, idle, env):
    group = Group()
    try:
        before, start = busy_seconds(), time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env,
                              preexec_fn=group.enter)
        wall = time.monotonic() - start
        busy, own = busy_seconds() - before, group.seconds()
    finally:
        group.close()
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        sys.exit(f"{' '.join(command)}: status {done.returncode}: {said}")
    return done.stdout, Cost(wall, own, busy - idle * wall, (busy - own) / wall / os.cpu_count())


def run(command, calm=0, env=None):
    """(what the command printed, its Cost). For up to calm seconds, waits for a quiet machine and
    begins anew where it was not quiet to the end."""
    deadline = time.monotonic() + calm
    while True:
        idle = background(deadline - time.monotonic())
        text, cost = _run_once(command, idle, env)
        if not cost.others > OTHERS_MOST or time.monotonic() > deadline:
            return text, cost


def table(head, rows):
    """A table in Markdown, the first column to the left."""
    print(f"| {' | '.join(head)} |\n|---{'|---:' * (len(head) - 1)}|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()
