"""flat - whether an evaluator that judges 20,000 programs of all sorts keeps anything of them.

    flat.py BUILD [--programs N] [--every S] [--python PATH]

Lets `leti score` judge, with one worker, programs that pass, raise, exit, crash, fork, start
threads, write output and files, want too much memory or loop (limit 0.5 s). Meanwhile it looks at
all processes below the command every S seconds: each one's memory that is its own, its descriptors
and the mounts that it sees, how many processes there are, and the machine's mounts and control
groups. The processes are told apart by their place: leti, its worker, the interpreter and the
warden in its jail; a program that runs while we look counts among the processes and in no other
sum. Control groups are the machine's: others that come while it runs look like a leak.

Exits with 1 unless all is flat from the first third of the looks to the last: memory within 5 % and
1 MiB, the rest without any growth. Needs nothing but Python 3.11.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import collections
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

import measure

# (how many of 1,000, the text, the reasons that are right)
KINDS = [
    (500, "x = sum(range(100))\nassert x == 4950\n", {"passed"}),
    (160, "def f(n):\n    return [1][n]\nf(7)\n", {"exception"}),
    (40, "def f(n:\n", {"exception"}),
    (50, "import sys\nsys.exit(0)\n", {"exited"}),
    (40, "import os\nos._exit(0)\n", {"exited"}),
    (30, "import os\nos.abort()\n", {"killed"}),
    (30, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
     {"killed", "exception", "forbidden"}),
    (50, "import os\nos.fork()\n", {"exception", "forbidden"}),
    (30, "import threading, time\nfor i in range(4):\n    threading.Thread(target=time.sleep, "
         "args=(60,), daemon=True).start()\n", {"passed"}),
    (29, "print('x' * 100000)\n", {"passed"}),
    (10, "while True:\n    print('x' * 100000)\n", {"output"}),
    (20, "with open('big', 'wb') as file:\n    file.write(bytes(1 << 20))\n", {"passed"}),
    (10, "x = bytearray(1 << 40)\n", {"memory"}),
    (1, "while True:\n    pass\n", {"timeout"}),
]


def write_samples(folder, n):
    """Each differs from the others by a comment: equal programs are judged once."""
    problem = {"task_id": 1, "text": "", "code": "pass", "test_setup_code": "",
               "test_list": ["pass"], "challenge_test_list": []}
    with open(f"{folder}/problems.jsonl", "w") as file:
        file.write(json.dumps(problem) + "\n")
    kinds = [kind for kind in KINDS for _ in range(kind[0] * n // 1000)]
    random.Random(1).shuffle(kinds)
    with open(f"{folder}/samples.jsonl", "w") as file:
        for i, (_, text, _) in enumerate(kinds):
            file.write(json.dumps({"task_id": "1", "completion": f"# {i}\n{text}"}) + "\n")
    return kinds


def children_of_all():
    """{pid: [pids]} of the machine."""
    children = collections.defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    children[int(file.read().rsplit(")", 1)[1].split()[1])].append(int(name))
            except OSError:
                pass  # it has ended
    return children


def own_memory(pid):
    """KiB that are the process's own, not a file's and not shared."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    return 0


def count_lines(path):
    with open(path) as file:
        return sum(1 for _ in file)


def count_groups():
    return sum(len(folders) for _, folders, _ in os.walk("/sys/fs/cgroup"))


class Watch:
    """The processes below a command that live as long as it does, as they were at the start."""

    def __init__(self, root):
        self.root = root
        self.members = {}  # pid: its place

    def look(self):
        """{what: how much}, or None where one of them is not there yet or any more."""
        children = children_of_all()
        depth, all_pids, level = 0, [], [self.root]
        chains = {}
        while level:
            for pid in level:
                chains[pid] = depth
            all_pids += level
            level = [child for pid in level for child in children[pid]]
            depth += 1
        sums = {"processes": len(all_pids)}
        try:
            for pid, place in self.members.items():
                sums[f"{place}, MiB"] = own_memory(pid) / 1024
                sums[f"{place}, descriptors"] = len(os.listdir(f"/proc/{pid}/fd"))
                sums[f"{place}, mounts"] = count_lines(f"/proc/{pid}/mounts")
        except OSError:
            return None
        sums["machine, mounts"] = count_lines("/proc/self/mounts")
        sums["machine, control groups"] = count_groups()
        return sums

    def learn(self, seconds):
        """Finds the members: those below the root that are there at all of several looks."""
        there = None
        for _ in range(10):
            time.sleep(seconds / 10)
            children, now, level = children_of_all(), {}, [(self.root, 0)]
            while level:
                pid, depth = level.pop()
                now[pid] = depth
                level += [(child, depth + 1) for child in children[pid]]
            there = now if there is None else {p: d for p, d in there.items() if p in now}
        names = ["leti", "worker", "interpreter", "warden"]
        self.members = {pid: names[min(depth, 3)] for pid, depth in there.items()}


def is_flat(name, looks):
    third = max(len(looks) // 3, 1)
    first = statistics.median_high(look[name] for look in looks[:third])
    last = statistics.median_high(look[name] for look in looks[-third:])
    if name.endswith("MiB"):
        return last <= first * 1.05 + 1
    if name == "processes":  # of which one or two are the program of the moment
        last = max(look[name] for look in looks[-third:])
        return last <= max(look[name] for look in looks[:third]) + 2
    return last <= first


def check_verdicts(lines, kinds):
    wrong = collections.Counter()
    for line, (_, text, right) in zip(lines, kinds):
        if line["reason"] not in right:
            wrong[(text, line["reason"], line["feedback"][-200:])] += 1
    for (text, reason, feedback), n in wrong.most_common(5):
        print(f"flat: {n} x {reason}: {text!r}: {feedback!r}", file=sys.stderr)
    return len(lines) == len(kinds) and not wrong


def run(command, every, out, env):
    """(looks, seconds)"""
    start = time.monotonic()
    looks = []
    with subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=env) as process:
        watch = Watch(process.pid)
        watch.learn(2)
        while process.poll() is None:
            look = watch.look()
            if look:
                looks.append({"s": time.monotonic() - start, **look})
            time.sleep(every)
        if process.returncode != 0:
            sys.exit(f"flat: leti score: status {process.returncode}")
    return looks[:-1], time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--programs", type=int, default=20000)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two looks")
    parser.add_argument("--python", default="/usr/bin/python3")
    args = parser.parse_args()

    mounts, groups = count_lines("/proc/self/mounts"), count_groups()
    env = {**os.environ, "LETI_PLUGIN_PATH": f"{args.build}/lib/plugins"}
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/out", "w+") as out:
        kinds = write_samples(folder, args.programs)
        command = [f"{args.build}/bin/leti", "score", "--task=mbpp", "--json", "--replicas=1",
                   f"--problems={folder}/problems.jsonl", "--set=timeout=0.5",
                   f"--set=python={args.python}", f"{folder}/samples.jsonl"]
        looks, seconds = run(command, args.every, out, env)
        out.seek(0)
        lines = [json.loads(line) for line in out][:-1]
        lines.sort(key=lambda line: line["index"])
    good = check_verdicts(lines, kinds)
    names = [name for name in looks[0] if name != "s"]
    steps = [looks[i * (len(looks) - 1) // 5] for i in range(6)]
    rows = []
    for name in names:
        flat = is_flat(name, looks)
        good &= flat
        rows.append([name, *(f"{step[name]:.1f}" if name.endswith("MiB") else str(step[name])
                             for step in steps), "flat" if flat else "GROWS"])
    measure.table([f"{len(lines)} programs, after", *(f"{step['s']:.0f} s" for step in steps), ""],
                  rows)
    left = count_lines("/proc/self/mounts") - mounts, count_groups() - groups
    print(f"\n{len(lines) / seconds:.0f} programs/s; reasons: "
          f"{dict(collections.Counter(line['reason'] for line in lines))}; left behind: "
          f"{left[0]} mounts, {left[1]} control groups")
    sys.exit(0 if good and max(left) <= 0 else 1)


main()
