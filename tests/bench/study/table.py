#!/usr/bin/env python3
"""table.py - the tables of a study: runs of several arms and seeds, as Markdown.

    python3 tests/bench/study/table.py FOLDER ARM...

FOLDER holds runs named ARM-SEED, as study.sh leaves them; seeds that one of the arms lacks are left
out, which is said. Of every test: pass@1 before and after by
seed, what the first arm ends with more than each other one, and the mean changes with 95 % intervals:
over seeds (Student's t), and over problems, where a problem counts with its mean over seeds. Then
pass@1 by gradient steps, the steps in which the first arm reaches what each other one ends with, and
the losses. A test that is another one in every number is named in a line.
SPDX-License-Identifier: Apache-2.0"""
import math
import os
import sqlite3
import statistics
import sys

# Student's t, 97.5 %, for 1 to 15 degrees of freedom, and for the many of problems.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
     2.145, 2.131]
T_OF_MANY = 1.98


class Run:
    def __init__(self, folder):
        self.db = sqlite3.connect("file:%s/run.db?mode=ro" % folder, uri=True)
        manifest = dict(self.db.execute("SELECT key, value FROM manifest"))
        self.finished = manifest.get("finished") == "yes"
        self.phases = dict(self.db.execute("SELECT name, phase FROM phase WHERE phase > 0"))

    def shares(self, test):
        """{iteration: {problem: share of its programs that passed}}"""
        out = {}
        for iteration, problem, share in self.db.execute(
                "SELECT iteration, problem, avg(outcome = 0) FROM judged WHERE phase = ?"
                " AND outcome < 2 GROUP BY iteration, problem", (self.phases[test],)):
            out.setdefault(iteration, {})[problem] = share
        return out

    def curve(self, test):
        """pass@1 by iteration: the mean over problems of the share that passed."""
        return {i: mean(list(shares.values())) for i, shares in self.shares(test).items()}

    def change(self, test):
        """{problem: by how much its share changed}, first to last test."""
        shares = self.shares(test)
        before, after = shares[min(shares)], shares[max(shares)]
        return {p: after[p] - before[p] for p in after if p in before}

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
    return (T[n - 2] if n - 2 < len(T) else T_OF_MANY) * deviation / math.sqrt(n)


def spread(values, scale=100.0, digits=1):
    """Mean and interval; a single value has none."""
    text = "%+.*f" % (digits, scale * mean(values))
    return text if len(values) < 2 else "%s ± %.*f" % (text, digits, scale * half(values))


def load(folder, arms):
    """{arm: {seed: run}} of the arms that have finished runs, with the seeds that all of them have."""
    found = {arm: {} for arm in arms}
    for name in sorted(os.listdir(folder)):
        arm, _, seed = name.rpartition("-")
        if arm in found and seed.isdigit() and os.path.exists(f"{folder}/{name}/run.db"):
            try:
                run = Run(f"{folder}/{name}")
            except sqlite3.Error as error:
                leave_out(name, error)
                continue
            if run.finished:
                found[arm][int(seed)] = run
            else:
                leave_out(name, "it is not finished")
    for arm in [arm for arm in arms if not found[arm]]:
        leave_out(arm, "no finished run")
        del found[arm]
    common = set.intersection(*map(set, found.values())) if found else set()
    for arm, runs in found.items():
        for seed in sorted(set(runs) - common):
            leave_out(f"{arm}-{seed}", "another arm lacks this seed")
            del runs[seed]
    return found if common else {}


def leave_out(what, why):
    print(f"table.py: {what} is left out: {why}", file=sys.stderr)


def over_problems(changes):
    """Each problem's mean over seeds of its change; changes: {seed: {problem: change}}"""
    problems = set.intersection(*(set(each) for each in changes.values()))
    return [mean([each[p] for each in changes.values()]) for p in sorted(problems)]


def row(*cells):
    print(f"| {' | '.join(cells)} |")


def table_of_changes(runs, arms, test):
    first, others = arms[0], arms[1:]
    print(f"\n### {test}\n")
    row("seed", "before", *arms, *(f"{first} - {arm}" for arm in others))
    print("|---|" + "---:|" * (1 + len(arms) + len(others)))
    curves = {arm: {seed: run.curve(test) for seed, run in runs[arm].items()} for arm in arms}
    after = {arm: {seed: c[max(c)] for seed, c in curves[arm].items()} for arm in arms}
    for seed in sorted(curves[first]):
        mine = after[first][seed]
        row(str(seed), f"{100 * curves[first][seed][0]:.1f}",
            *(f"{100 * after[arm][seed]:.1f}" for arm in arms),
            *(f"{100 * (mine - after[arm][seed]):+.1f}" for arm in others))
    changes = {arm: {seed: run.change(test) for seed, run in runs[arm].items()} for arm in arms}
    over_seeds = {arm: [mean(list(changes[arm][seed].values())) for seed in sorted(changes[arm])]
                  for arm in arms}
    each = {arm: over_problems(changes[arm]) for arm in arms}
    for name, values, mark in (("**mean change, ± over seeds**", over_seeds, "**"),
                               ("the same, ± over problems", each, "")):
        row(name, "", *(f"{mark}{spread(values[arm])}{mark}" for arm in arms),
            *(f"{mark}{spread([a - b for a, b in zip(values[first], values[arm])])}{mark}"
              for arm in others))


def twin_of(runs, tests, test):
    """An earlier test that is the same in every number, or None."""
    every = [run for arm in runs.values() for run in arm.values()]
    for other in tests[:tests.index(test)]:
        if all(run.curve(test) == run.curve(other) for run in every):
            return other
    return None


def reached(curve, steps, goal):
    """The gradient steps after which a curve is at the goal, on straight lines; None: never."""
    points = sorted((steps[i], v) for i, v in curve.items())
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if y0 >= goal:
            return x0
        if y1 >= goal:
            return x0 + (x1 - x0) * (goal - y0) / (y1 - y0)
    return points[0][0] if points[0][1] >= goal else None


def share_text(share):
    return "never" if share == math.inf else f"{share:.2f}"


def table_of_steps(runs, arms, test):
    first = arms[0]
    some = next(iter(runs[first].values()))
    marks = sorted(some.curve(test))
    print(f"\n### {test}: pass@1 in per cent after so many gradient steps\n")
    steps = some.steps()
    print("| arm | seeds | " + " | ".join(str(steps[i]) for i in marks) + " |")
    print("|---|---:|" + "---:|" * len(marks))
    for arm in arms:
        curves = [run.curve(test) for run in runs[arm].values()]
        # An arm without corpus steps has other marks: its own are said in its name's cell.
        own = next(iter(runs[arm].values())).steps()
        note = "" if own == steps else " (at " + ", ".join(str(own[i]) for i in marks) + ")"
        cells = " | ".join(f"{100 * mean([c[i] for c in curves if i in c]):.1f}" for i in marks
                           if any(i in c for c in curves))
        print(f"| {arm}{note} | {len(curves)} | {cells} |")
    for arm in arms[1:]:
        shares = []
        for seed, a in sorted(runs[first].items()):
            b = runs[arm][seed]
            curve, other = a.curve(test), b.curve(test)
            goal, end = other[max(other)], b.steps()[max(other)]
            at = reached(curve, a.steps(), goal)
            if end:
                shares.append(math.inf if at is None else at / end)
        if shares:
            said = ", ".join(map(share_text, sorted(shares)))
            print(f"\n{first} reaches what {arm} ends with in {said} of its steps (median "
                  f"{share_text(statistics.median(shares))}).")


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
    if not os.path.isdir(folder):
        sys.exit(f"table.py: {folder}: no such folder")
    runs = load(folder, arms)
    if not runs:
        sys.exit(f"table.py: {folder}: no seed that every arm has a finished run of")
    arms = list(runs)
    tests = list(next(iter(runs[arms[0]].values())).phases)
    same = {test: twin_of(runs, tests, test) for test in tests}
    for test, other in same.items():
        if other:
            print(f"\n### {test}\n\nAs {other}, in every number.")
        else:
            table_of_changes(runs, arms, test)
    for test in tests:
        if not same[test] and len(next(iter(runs[arms[0]].values())).curve(test)) > 2:
            table_of_steps(runs, arms, test)
    table_of_losses(runs, arms)


main()
