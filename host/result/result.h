/* result.h - what the store's rows come to: a test's pass@k, an iteration's counts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RESULT_H
#define RUN_RESULT_H

#include "base/text.h"
#include "result/passk.h"
#include "store/store.h"

enum { RESULT_KS = 3, RESULT_FAILURES = 16, RESULT_WHY = 64 };
extern const uint32_t result_ks[RESULT_KS]; /* 1, 10, 100 */

/* A reason for which samples failed: an exception's type where there is one. */
struct failure {
    char why[RESULT_WHY]; /* "NameError", "timeout"; cut off where it is longer */
    double share;         /* of all samples that were judged */
};

struct result {
    size_t n_problems;
    uint32_t n_samples;                   /* of each problem */
    double pass[RESULT_KS];               /* pass@k, where has_pass */
    bool has_pass[RESULT_KS];             /* some problem has k samples */
    size_t counted[RESULT_KS];            /* problems that have k, and are all that count for it */
    struct interval interval;             /* of pass@1, 95 % */
    struct interval intervals[RESULT_KS]; /* of each pass@k, where has_pass */
    double solve_rate;                    /* share of problems with a sample that passed */
    uint64_t infra; /* samples that could not be had or judged, which do not count */
    struct failure failures[RESULT_FAILURES]; /* the most frequent first; the rarest are left out */
    size_t n_failures;
};

/* How many of each of n problems were judged, and passed. The tallies are zero before. */
bool tallies_of(struct store *, uint32_t phase, uint32_t iteration, size_t n, struct tally *,
                struct leti_error *err);

/* Of a phase after an iteration; n_samples was wanted of each of n_problems. */
bool result_of(struct store *, uint32_t phase, uint32_t iteration, size_t n_problems,
               uint32_t n_samples, struct result *, struct leti_error *err);

/* " of 99 problems" where pass@k of result_ks[i] does not count all of them. */
void result_counted(const struct result *, int i, struct text *);

void interval_json(const struct interval *, struct text *); /* [0.4, 0.6] */

/* {"pass@1": 0.5, "interval": [0.4, 0.6], ..., "failures": {"NameError": 0.3, ...}} */
void result_json(const struct result *, struct text *);

/* "NameError 30.1 %, timeout 2.0 %": the most frequent failures. */
void result_failures(const struct result *, size_t most, struct text *);

struct counts {
    uint64_t sampled, passed, infra, reused;
};

bool counts_of(struct store *, uint32_t phase, uint32_t iteration, struct counts *,
               struct leti_error *err);

/* How many verdicts have which reason (an exception's type where there is one), the most frequent
 * first: {"passed": 7, "NameError": 3, ...} */
bool reasons_json(struct store *, uint32_t phase, uint32_t iteration, struct text *,
                  struct leti_error *err);

/* The last value of a stage's metric; *found says whether there is one. */
bool last_metric(struct store *, uint32_t iteration, const char *stage, const char *name,
                 bool *found, double *out, struct leti_error *err);

/* Its first value, where that is another than the last. */
bool first_metric(struct store *, uint32_t iteration, const char *stage, const char *name,
                  bool *found, double *out, struct leti_error *err);

/* The sum of a metric's last values in the iterations up to this one; 0 where there is none. */
bool metric_so_far(struct store *, uint32_t iteration, const char *stage, const char *name,
                   double *out, struct leti_error *err);

#endif
