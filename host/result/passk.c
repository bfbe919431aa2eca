/* passk - pass@k: the chance that one of k samples passes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "result/passk.h"

#include <stdlib.h>

#include "leti/plugin.h"

enum { DRAWS = 10000, WORK_LIMIT = 20000000 };

double pass_at_k(struct tally problem, uint32_t k)
{
    if (k == 1)
        return (double)problem.c / problem.n;
    if (problem.n - problem.c < k)
        return 1;
    double all_fail = 1;
    for (uint32_t i = problem.n - problem.c + 1; i <= problem.n; i++)
        all_fail *= 1 - (double)k / i;
    return 1 - all_fail;
}

double mean_pass_at_k(const struct tally *problems, size_t n, uint32_t k, size_t *n_used)
{
    double sum = 0;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (problems[i].n < k)
            continue;
        sum += pass_at_k(problems[i], k);
        used++;
    }
    *n_used = used;
    return used ? sum / (double)used : 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Means of problems that are drawn with replacement. */
static void draw_means(const double *rates, size_t n, double *means, size_t n_draws)
{
    uint64_t state = 0;
    for (size_t d = 0; d < n_draws; d++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            state++;
            sum += rates[(size_t)(((unsigned __int128)leti_mix(0, state) * n) >> 64)];
        }
        means[d] = sum / (double)n;
    }
}

bool bootstrap_mean(const double *values, size_t n, struct interval *out, struct leti_error *err)
{
    size_t n_draws = n > WORK_LIMIT / DRAWS ? WORK_LIMIT / n + 100 : DRAWS;
    double *means = calloc(n_draws, sizeof *means);
    if (!means)
        return leti_error_set(err, "out of memory for %zu problems", n);
    if (n)
        draw_means(values, n, means, n_draws);
    qsort(means, n_draws, sizeof *means, by_value);
    *out = (struct interval){ means[n_draws / 40], means[n_draws - 1 - n_draws / 40] };
    free(means);
    return true;
}

bool bootstrap_interval(const struct tally *problems, size_t n, uint32_t k, struct interval *out,
                        struct leti_error *err)
{
    size_t used = 0;
    double *rates = calloc(n + 1, sizeof *rates);
    if (!rates)
        return leti_error_set(err, "out of memory for %zu problems", n);
    for (size_t i = 0; i < n; i++)
        if (problems[i].n >= k)
            rates[used++] = pass_at_k(problems[i], k);
    bool good = bootstrap_mean(rates, used, out, err);
    free(rates);
    return good;
}
