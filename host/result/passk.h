/* passk.h - pass@k: the chance that one of k samples passes, without the bias of small numbers
 * (Chen et al. 2021, section 2.1).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_PASSK_H
#define RUN_PASSK_H

#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"

/* One problem: n samples were judged and c of them passed. */
struct tally {
    uint32_t n, c;
};

/* 1 - prod_{i = n-c+1 .. n} (1 - k/i); 1 where n - c < k. Needs k <= n. */
double pass_at_k(struct tally, uint32_t k);

struct interval {
    double low, high;
};

/* Mean of pass@k over the problems that have at least k samples; *n_used counts them. */
double mean_pass_at_k(const struct tally *, size_t n, uint32_t k, size_t *n_used);

/* Where 95 % of the values' mean lies when they are drawn again with replacement: percentiles of
 * 10,000 draws with a fixed seed; above 2,000 values of 20,000,000 / n + 100. Of no values it is
 * [0, 0]. */
bool bootstrap_mean(const double *values, size_t n, struct interval *out, struct leti_error *err);

/* The same of pass@k over the problems with at least k samples. */
bool bootstrap_interval(const struct tally *, size_t n, uint32_t k, struct interval *out,
                        struct leti_error *err);

#endif
