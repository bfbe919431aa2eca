/* metrics.h - where a metric's values stand among the iterations.
 *
 * A stage tells a value when it has one: once at the end of its work, several times on the way, or,
 * as with losses on texts that are held out, before the first training as well. The database has
 * them in order, without a time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_METRICS_H
#define REPORT_METRICS_H

#include "report/data.h"

/* Fills in x: an iteration's values stand at even distances, the last one at its end. Where the
 * first iteration has more values than the second (or has several and is the only one), its first
 * one is from before all training: x and iteration are 0. */
void metric_place(struct metric *);

/* The last value of an iteration; NaN where there is none, or no metric. */
double metric_last(const struct metric *, uint32_t iteration);

#endif
