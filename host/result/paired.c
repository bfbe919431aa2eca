/* paired - is one model better than another on the same problems?
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "result/paired.h"

#include <math.h>
#include <stdlib.h>

#include "leti/plugin.h"

enum { EXACT_LIMIT = 16, DRAWS = 100000, FEWEST_DRAWS = 10000, WORK_LIMIT = 500000000 };

/* Sums of the same numbers in another order differ by rounding. */
static bool is_as_far(double sum, double observed)
{
    return fabs(sum) >= observed - 1e-9;
}

static double share_of_all_signs(const double *d, size_t n, double observed)
{
    uint32_t hits = 0, ways = 1u << n;
    for (uint32_t signs = 0; signs < ways; signs++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += signs >> i & 1 ? -d[i] : d[i];
        hits += is_as_far(sum, observed);
    }
    return (double)hits / ways;
}

static double share_of_drawn_signs(const double *d, size_t n, double observed)
{
    size_t draws = n > WORK_LIMIT / DRAWS ? WORK_LIMIT / n + FEWEST_DRAWS : DRAWS, hits = 0;
    uint64_t state = 0;
    for (size_t draw = 0; draw < draws; draw++) {
        double sum = 0;
        uint64_t signs = 0;
        for (size_t i = 0; i < n; i++, signs >>= 1) {
            if (i % 64 == 0)
                signs = leti_mix(0, ++state);
            sum += signs & 1 ? -d[i] : d[i];
        }
        hits += is_as_far(sum, observed);
    }
    return (double)(hits + 1) / (double)(draws + 1);
}

/* Works in d: differences of zero have no sign, and go. */
static void test_signs(double *d, size_t n, struct paired *out)
{
    double observed = 0;
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (d[i] != 0.0) {
            observed += d[i];
            d[left++] = d[i];
        }
    observed = fabs(observed);
    out->exact = left <= EXACT_LIMIT;
    out->p_value = out->exact ? share_of_all_signs(d, left, observed)
                              : share_of_drawn_signs(d, left, observed);
}

bool paired_compare(const struct tally *first, const struct tally *second, size_t n,
                    struct paired *out, struct leti_error *err)
{
    double *d = calloc(n + 1, sizeof *d);
    struct paired found = { 0 };
    if (!d)
        return leti_error_set(err, "out of memory for %zu problems", n);
    for (size_t i = 0; i < n; i++) {
        if (!first[i].n || !second[i].n)
            continue;
        double a = pass_at_k(first[i], 1), b = pass_at_k(second[i], 1);
        found.first += a;
        found.second += b;
        d[found.n_problems++] = a - b;
    }
    if (found.n_problems) {
        found.first /= (double)found.n_problems;
        found.second /= (double)found.n_problems;
    }
    found.difference = found.first - found.second;
    bool good = bootstrap_mean(d, found.n_problems, &found.interval, err);
    if (good) {
        test_signs(d, found.n_problems, &found);
        *out = found;
    }
    free(d);
    return good;
}
