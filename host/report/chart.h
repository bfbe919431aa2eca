/* chart.h - a line chart as SVG: axes with round marks, lines with points, bands, labels at the
 * lines' ends.
 *
 * Colours are classes c0 .. c7 of the page's style sheet, which has them for light and dark; a
 * line's points have a shape of their own as well, so that no line is known by colour alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include <stddef.h>

#include "base/text.h"

enum { CHART_COLORS = 8 };

struct chart_point {
    double x, y, low, high; /* low, high: of the band; NaN where there is none */
};

struct chart_line {
    const struct chart_point *points;
    size_t n;
    unsigned color;
    bool faint;        /* a single run beside its group's mean: thin, without points */
    const char *label; /* at its end; "" for none */
    const char *name;  /* in what is shown on pointing at it, and for who cannot see */
};

struct chart {
    const char *title, *x_label, *y_label;
    double x_scale, y_scale; /* what values are multiplied with to be shown; 0 stands for 1 */
    const char *unit;        /* behind a value that is told: " %" */
    double least, most;      /* where the y axis ends at the latest, as shown; equal: nowhere */
    bool whole_x;            /* x are whole numbers */
    bool ends;               /* lines but faint ones end with their last value */
    const struct chart_line *lines;
    size_t n_lines;
};

/* Adds a <figure>. */
void chart_add(struct text *, const struct chart *);

/* Adds the mark of a colour for a legend: line and point, 28 x 12. */
void chart_key(struct text *, unsigned color);

#endif
