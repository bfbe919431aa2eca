/* curves - lines of a chart from the runs of a group.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/curves.h"

#include <math.h>

static const struct curve_point *find(const struct curve *curve, double key)
{
    for (size_t i = 0; i < curve->n; i++)
        if (fabs(curve->points[i].key - key) < 1e-9)
            return &curve->points[i];
    return NULL;
}

static bool add_line(struct report *report, struct lines *lines, const struct chart_line *line,
                     struct leti_error *err)
{
    struct chart_line *place = LIST_ADD(&report->memory, &lines->items, &lines->n, err);
    if (place)
        *place = *line;
    return place;
}

/* The curve as the points of a line, without its band where it is one of several. */
static bool add_run(struct report *report, size_t group, size_t run, const struct curve *curve,
                    bool alone, struct lines *lines, struct leti_error *err)
{
    struct chart_point *points = arena_array(&report->memory, curve->n + 1, sizeof *points);
    if (!points)
        return leti_error_set(err, "out of memory for the report");
    for (size_t i = 0; i < curve->n; i++) {
        points[i] = curve->points[i].at;
        if (!alone)
            points[i].low = points[i].high = NAN;
    }
    struct chart_line line = {
        .points = points,
        .n = curve->n,
        .color = (unsigned)group,
        .faint = !alone,
        .label = alone && report->n_groups > 1 ? report->groups[group].mark : "",
        .name =
            alone && report->n_groups > 1 ? report->groups[group].label : report->runs[run].name,
    };
    return add_line(report, lines, &line, err);
}

/* The mean of the runs' points of one key; false where a run has none. */
static bool mean_of(const struct curve *curves, size_t n, double key, struct chart_point *out)
{
    struct chart_point mean = { 0, 0, INFINITY, -INFINITY };
    for (size_t i = 0; i < n; i++) {
        const struct curve_point *point = find(&curves[i], key);
        if (!point || !isfinite(point->at.x) || !isfinite(point->at.y))
            return false;
        mean.x += point->at.x / (double)n;
        mean.y += point->at.y / (double)n;
        mean.low = fmin(mean.low, point->at.y);
        mean.high = fmax(mean.high, point->at.y);
    }
    *out = mean;
    return true;
}

static bool add_mean(struct report *report, size_t group, const struct curve *curves,
                     struct lines *lines, struct leti_error *err)
{
    const struct group *g = &report->groups[group];
    struct chart_point *points = NULL;
    size_t n = 0;
    for (size_t i = 0; i < curves[0].n; i++) {
        struct chart_point mean;
        if (!mean_of(curves, g->n_seeds, curves[0].points[i].key, &mean))
            continue;
        struct chart_point *place = LIST_ADD(&report->memory, &points, &n, err);
        if (!place)
            return false;
        *place = mean;
    }
    struct chart_line line = { .points = points,
                               .n = n,
                               .color = (unsigned)group,
                               .label = report->n_groups > 1 ? g->mark : "",
                               .name = report->n_groups > 1 ? g->label : "mean" };
    return add_line(report, lines, &line, err);
}

bool curves_add(struct report *report, size_t group, const struct curve *curves,
                struct lines *lines, struct leti_error *err)
{
    const struct group *g = &report->groups[group];
    for (size_t i = 0; i < g->n_runs; i++)
        if (!add_run(report, group, g->runs[i], &curves[i], g->n_seeds == 1 && !i, lines, err))
            return false;
    return g->n_seeds == 1 || add_mean(report, group, curves, lines, err);
}
