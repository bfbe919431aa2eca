/* metrics - where a metric's values stand among the iterations.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/metrics.h"

#include <math.h>

static size_t values_in(const struct metric *metric, uint32_t iteration)
{
    size_t n = 0;
    for (size_t i = 0; i < metric->n_points; i++)
        n += metric->points[i].iteration == iteration;
    return n;
}

void metric_place(struct metric *metric)
{
    size_t n_first = values_in(metric, 1), n_second = values_in(metric, 2);
    bool before = n_first > 1 && n_first > n_second;
    for (size_t i = 0; i < metric->n_points;) {
        uint32_t iteration = metric->points[i].iteration;
        size_t n = 0;
        while (i + n < metric->n_points && metric->points[i + n].iteration == iteration)
            n++;
        double early = before && iteration == 1; /* one value more than there are distances */
        for (size_t k = 0; k < n; k++)
            metric->points[i + k].x = iteration - 1 + ((double)k + 1 - early) / ((double)n - early);
        i += n;
    }
    if (before)
        metric->points[0].iteration = 0;
}

double metric_last(const struct metric *metric, uint32_t iteration)
{
    double last = NAN;
    for (size_t i = 0; metric && i < metric->n_points; i++)
        if (metric->points[i].iteration == iteration)
            last = metric->points[i].value;
    return last;
}
