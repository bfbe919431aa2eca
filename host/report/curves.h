/* curves.h - lines of a chart from the runs of a group: each run, their mean and their spread.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_CURVES_H
#define REPORT_CURVES_H

#include "report/chart.h"
#include "report/data.h"

/* A point of one run; points of several runs belong together where their keys are equal. */
struct curve_point {
    double key;
    struct chart_point at;
};

struct curve {
    struct curve_point *points; /* by key */
    size_t n;
};

/* The lines of a chart, growing. */
struct lines {
    struct chart_line *items;
    size_t n;
};

/* Adds a group, with a curve for each of its runs in order. Of one run, the curve with its own
 * band. Of several, each as a thin line, and their mean with a band from the least to the most
 * over the points that all of them have. */
bool curves_add(struct report *, size_t group, const struct curve *curves, struct lines *,
                struct leti_error *err);

#endif
