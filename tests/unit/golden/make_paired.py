#!/usr/bin/env python3
"""make_paired.py - paired comparisons by other means than the program's, for paired_test.

p-values: scipy.stats.permutation_test counts all signs where few problems differ; where many do,
the number of ways is counted exactly, as a distribution over integers, so that it bounds what
drawn signs may say. Intervals: scipy.stats.bootstrap with a million draws of its own.

Made with Python 3.11, scipy 1.17, numpy 2.4. Run it here; it writes paired.h.

SPDX-License-Identifier: Apache-2.0
"""
import random
from fractions import Fraction

import numpy
import scipy.stats


def share_of_signs(differences):
    """Exact, for differences that are multiples of 1/samples: ways by their sum."""
    ways = {0: 1}
    for d in differences:
        after = {}
        for total, n in ways.items():
            for step in (d, -d):
                after[total + step] = after.get(total + step, 0) + n
        ways = after
    observed = abs(sum(differences))
    far = sum(n for total, n in ways.items() if abs(total) >= observed)
    return float(Fraction(far, sum(ways.values())))


def scipy_p(rates):
    return scipy.stats.permutation_test(
        (rates,), numpy.mean, permutation_type="samples", n_resamples=numpy.inf).pvalue


def interval(rates):
    if numpy.ptp(rates) == 0:
        return rates[0], rates[0]
    found = scipy.stats.bootstrap((rates,), numpy.mean, n_resamples=1000000, batch=1000,
                                  method="percentile", random_state=1).confidence_interval
    return found.low, found.high


def case(samples, first, second):
    differences = [a - b for a, b in zip(first, second)]
    rates = numpy.array(differences) / samples
    p = share_of_signs(differences)
    if len(rates) <= 16:
        assert abs(p - scipy_p(rates)) < 1e-12, (p, scipy_p(rates))
    low, high = interval(rates)
    return samples, first, second, float(rates.mean()), low, high, p


random.seed(3)
cases = [
    case(16, [3, 0, 16, 8], [1, 0, 16, 9]),
    case(16, [5, 5, 5, 5, 5], [5, 5, 5, 5, 5]),
    case(16, [16, 15, 9, 12, 7, 3], [2, 4, 8, 1, 6, 0]),
    case(8, [4] * 12, [3] * 6 + [5] * 6),
]
for n, samples, shift in [(12, 16, 3), (16, 4, 1), (40, 16, 1), (100, 16, 0), (300, 8, 0)]:
    second = [random.randint(0, samples) for _ in range(n)]
    first = [max(0, min(samples, c + shift + random.randint(-2, 2))) for c in second]
    cases.append(case(samples, first, second))

with open("paired.h", "w") as out:
    print("/* paired.h - what other means say of paired differences: samples, the passes of both,\n"
          " * mean difference, 95 % interval, p. Made by make_paired.py.\n"
          " * SPDX-License-Identifier: Apache-2.0 */", file=out)
    print(f"enum {{ MOST_PROBLEMS = {max(len(c[1]) for c in cases)} }};\n", file=out)
    print("static const struct golden {\n    uint32_t samples;\n    size_t n;\n"
          "    uint32_t first[MOST_PROBLEMS], second[MOST_PROBLEMS];\n"
          "    double difference, low, high, p;\n} golden[] = {", file=out)
    for samples, first, second, difference, low, high, p in cases:
        lists = ["{ " + ", ".join(map(str, c)) + " }" for c in (first, second)]
        print(f"    {{ {samples}, {len(first)}, {lists[0]}, {lists[1]}, {difference!r}, "
              f"{float(low)!r}, {float(high)!r}, {p!r} }},", file=out)
    print("};", file=out)
