/* recorded.h - one sample of a run with its problem and all that was said of it, taken out of the
 * store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RECORDED_H
#define RUN_RECORDED_H

#include "base/arena.h"
#include "store/store.h"

struct recorded_name {
    const char *problem; /* id */
    const char *test;    /* name; NULL: what is trained on, or the first test with the problem */
    int64_t iteration;   /* -1: the last that has the sample */
    uint32_t sample;
};

struct recorded {
    struct store_key key;
    char *test; /* name; NULL: of training */
    struct leti_problem problem;
    struct leti_sample sample;
    const struct leti_verdict **verdicts; /* [n_evaluators]; NULL: not judged by this one */
    size_t n_evaluators;
    struct arena memory;
};

/* Finds it; folder is for messages. n_evaluators: of the pipeline that it went through. */
bool recorded_find(struct store *, const char *folder, const struct recorded_name *,
                   size_t n_evaluators, struct recorded *, struct leti_error *err);
void recorded_free(struct recorded *);

/* Whether every evaluator has judged it, and could. */
bool recorded_is_judged(const struct recorded *);

#endif
