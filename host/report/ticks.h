/* ticks.h - an axis of a chart: a range with round ends, and where its marks stand.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_TICKS_H
#define REPORT_TICKS_H

#include "base/text.h"

struct axis {
    double low, high; /* multiples of step, low < high */
    double step;      /* 1, 2, 2.5 or 5 times a power of ten */
    int n;            /* marks stand at low + i * step for i from 0 to n */
};

/* An axis around [low, high] with about `wanted` marks, at most twice as many. `whole`: marks are
 * whole numbers. Ends that are not finite, or equal, give some range around what there is. */
struct axis axis_around(double low, double high, int wanted, bool whole);

double axis_mark(const struct axis *, int i);

/* Where the value is on a line from `from` to `to`, as the axis' ends are. */
double axis_place(const struct axis *, double value, double from, double to);

/* A mark's number, with the decimals that the step needs. */
void axis_print(struct text *, const struct axis *, double value);

#endif
