/* paired.h - is one model better than another on the same problems?
 *
 * Each problem gives one number, the difference of the two shares of its samples that passed, so
 * that how hard a problem is drops out. The interval says how large the mean difference is, the
 * test how often chance alone would make one as large.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_PAIRED_H
#define RUN_PAIRED_H

#include "result/passk.h"

struct paired {
    size_t n_problems;                /* those that both were judged on; the others do not count */
    double first, second, difference; /* means of the pass rates, and first less second */
    struct interval interval;         /* 95 %, of the difference: bootstrap_mean over problems */
    /* Of the two-sided sign-flip permutation test: where the models are alike, each difference is
     * as likely with the other sign. The share of all ways to set the signs whose mean is as far
     * from zero. */
    double p_value;
    bool exact; /* all ways were counted; otherwise 100,000 draws with a fixed seed (where n above
                 * 5,000 problems differ 500,000,000 / n + 10,000), the observed one counted among
                 * them */
};

/* The tallies of both on n problems. */
bool paired_compare(const struct tally *first, const struct tally *second, size_t n,
                    struct paired *out, struct leti_error *err);

#endif
