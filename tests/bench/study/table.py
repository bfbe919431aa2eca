#!/usr/bin/env python3
"""table.py - the tables of a study: runs of several arms and seeds, as Markdown.

    python3 tests/bench/study/table.py FOLDER ARM...

FOLDER holds runs named ARM-SEED, as study.sh leaves them. Of every test: pass@1 before and after,
its change by seed, the mean over seeds with a 95 % interval (Student's t), and beside the first arm
the paired difference. Then pass@1 by gradient steps, the steps in which the first arm reaches what
each other one ends with, and the losses.
SPDX-License-Identifier: Apache-2.0"""
import math
import os
import sqlite3
import sys

# Student's t, 97.5 %, for 1 to 15 degrees of freedom.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
     2.145, 2.131]


class Run:
    def __init__(self, folder):
        self.db = sqlite3.connect("file:%s/run.db?mode=ro" % folder, uri=True)
        manifest = dict(self.db.execute("SELECT key, value FROM manifest"))
        self.finished = manifest.get("finished") == "yes"
        self.phases = dict(self.db.execute("SELECT name, phase FROM phase WHERE phase > 0"))

    def curve(self, test):
        """pass@1 by iteration: the mean over problems of the share that passed."""
        rows = self.db.execute(
            "SELECT iteration, avg(share) FROM (SELECT iteration, problem,"
            " avg(outcome = 0) AS share FROM judged WHERE phase = ? AND outcome < 2"
            " GROUP BY iteration, problem) GROUP BY iteration", (self.phases[test],))
        return dict(rows)

    def metric(self, name):
        """{(iteration, step): value}"""
        rows = self.db.execute("SELECT iteration, step, value FROM metric WHERE name = ?", (name,))
        return {(i, s): v for i, s, v in rows}

    def steps(self):
        """Gradient steps after each iteration."""
        total, out = 0, {0: 0}
        for (iteration, _), value in sorted(self.metric("steps").items()):
            total += value
            out[iteration] = int(total)
        return out


def mean(values):
    return sum(values) / len(values)


def half(values):
    """Half of the 95 % interval of a mean, of two values or more."""
    n, m = len(values), mean(values)
    deviation = math.sqrt(sum((v - m) ** 2 for v in values) / (n - 1))
    return T[min(n - 2, len(T) - 1)] * deviation / math.sqrt(n)


def spread(values, scale=100.0, digits=1):
    """Mean and interval; a single value has none."""
    text = "%+.*f" % (digits, scale * mean(values))
    return text if len(values) < 2 else "%s ± %.*f" % (text, digits, scale * half(values))


def load(folder, arms):
    found = {}
    for arm in arms:
        found[arm] = {}
        for name in os.listdir(folder):
            head, _, seed = name.rpartition("-")
            if head == arm and seed.isdigit() and os.path.exists(f"{folder}/{name}/run.db"):
                run = Run(f"{folder}/{name}")
                if run.finished:
                    found[arm][int(seed)] = run
    return found


def table_of_changes(runs, arms, test):
    first = arms[0]
    print(f"\n### {test}\n\n| arm | seed | before | after | change |\n|---|---:|---:|---:|---:|")
    changes = {}
    for arm in arms:
        changes[arm] = {}
        for seed, run in sorted(runs[arm].items()):
            if test not in run.phases:
                continue
            curve = run.curve(test)
            before, after = curve.get(0, runs[first][seed].curve(test).get(0)), curve[max(curve)]
            changes[arm][seed] = after - before
            print(f"| {arm} | {seed} | {100 * before:.1f} | {100 * after:.1f} |"
                  f" {100 * (after - before):+.1f} |")
        if changes[arm]:
            print(f"| **{arm}** | {len(changes[arm])} seeds | | |"
                  f" **{spread(list(changes[arm].values()))}** |")
    for arm in arms[1:]:
        both = sorted(set(changes[first]) & set(changes[arm]))
        if len(both) > 1:
            differences = [changes[first][s] - changes[arm][s] for s in both]
            print(f"| {first} - {arm} | {len(both)} pairs | | | {spread(differences)} |")


def reached(curve, steps, goal):
    """The gradient steps after which a curve is at the goal, on straight lines; None: never."""
    points = sorted((steps[i], v) for i, v in curve.items())
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if y0 >= goal:
            return x0
        if y1 >= goal:
            return x0 + (x1 - x0) * (goal - y0) / (y1 - y0)
    return points[0][0] if points[0][1] >= goal else None


def table_of_steps(runs, arms, test):
    first = arms[0]
    some = next(iter(runs[first].values()))
    marks = sorted(some.curve(test))
    print(f"\n### {test}: pass@1 in per cent after so many gradient steps\n")
    steps = some.steps()
    print("| arm | seeds | " + " | ".join(str(steps[i]) for i in marks) + " |")
    print("|---|---:|" + "---:|" * len(marks))
    for arm in arms:
        curves = [r.curve(test) for r in runs[arm].values() if test in r.phases]
        # An arm without corpus steps has other marks: its own are said in its name's cell.
        if not curves:
            continue
        own = next(iter(runs[arm].values())).steps()
        note = "" if own == steps else " (at " + ", ".join(str(own[i]) for i in marks) + ")"
        cells = " | ".join(f"{100 * mean([c[i] for c in curves if i in c]):.1f}" for i in marks
                           if any(i in c for c in curves))
        print(f"| {arm}{note} | {len(curves)} | {cells} |")
    for arm in arms[1:]:
        shares, never = [], 0
        for seed in sorted(set(runs[first]) & set(runs[arm])):
            a, b = runs[first][seed], runs[arm][seed]
            if test not in a.phases or test not in b.phases:
                continue
            curve, other = a.curve(test), b.curve(test)
            goal, end = other[max(other)], b.steps()[max(other)]
            at = reached(curve, a.steps(), goal)
            if at is None:
                never += 1
            else:
                shares.append(at / end)
        if shares:
            shares.sort()
            print(f"\n{first} reaches what {arm} ends with in {', '.join('%.2f' % s for s in shares)}"
                  f" of its steps (median {shares[len(shares) // 2]:.2f})"
                  + (f"; in {never} seeds never" if never else "") + ".")


def table_of_losses(runs, arms):
    names = ["corpus_loss", "validation_good_loss", "validation_none_loss"]
    print("\n### Losses\n\n| arm | what | seeds | before | after | change |\n|---|---|---:|---:|---:|---:|")
    for name in names:
        for arm in arms:
            before, after = [], []
            for run in runs[arm].values():
                values = run.metric(name)
                if not values:
                    continue
                after.append(values[max(values)])
                if (1, 1) in values:
                    before.append(values[(1, 0)])
            if before and len(before) == len(after):
                print(f"| {arm} | {name} | {len(after)} | {mean(before):.4f} | {mean(after):.4f} |"
                      f" {spread([a - b for a, b in zip(after, before)], 1.0, 4)} |")
            elif after:
                print(f"| {arm} | {name} | {len(after)} | | {mean(after):.4f} | |")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.split("\n\n")[1].strip())
    folder, arms = sys.argv[1], sys.argv[2:]
    runs = load(folder, arms)
    if not runs[arms[0]]:
        sys.exit(f"table.py: {folder}: no finished run named {arms[0]}-SEED")
    tests = list(next(iter(runs[arms[0]].values())).phases)
    for test in tests:
        table_of_changes(runs, arms, test)
    for test in tests:
        if len(next(iter(runs[arms[0]].values())).curve(test)) > 2:
            table_of_steps(runs, arms, test)
    table_of_losses(runs, arms)


main()
