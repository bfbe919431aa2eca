/* sections.h - the parts of the page, from top to bottom.
 *
 * Each adds what it has to say, nothing where the runs have nothing of the kind. They fail where
 * memory does.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_SECTIONS_H
#define REPORT_SECTIONS_H

#include "report/data.h"

typedef bool section(struct report *, struct text *, struct leti_error *err);

section section_runs;     /* what was run, and what came of it */
section section_results;  /* pass@1 against steps and time, pass@k by iteration */
section section_failures; /* why samples failed */
section section_metrics;  /* losses, and what else the stages told */
section section_time;     /* where the time went */
section section_problems; /* some problems, before and after */
section section_texts;    /* some texts that were trained on */
section section_manifest; /* what the results depend on */

/* What several sections use. */

/* The names of all runs' tests, in the order in which they first come; "training" samples are not
 * among them. */
bool test_names(struct report *, const char *const **names, size_t *n, struct leti_error *err);

/* Keys and labels of the groups, with their runs' seeds; nothing for a single run. */
void add_legend(const struct report *, struct text *);

/* "83 min" or "5 h": in what unit so many seconds are told, and what they are divided by. */
const char *time_unit(double seconds, double *divisor);

#endif
