/* random.c - reproducible random numbers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/random.h"

#include <math.h>

uint64_t lm_random_u64(struct lm_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double lm_random_uniform(struct lm_random *r)
{
    return (double)(lm_random_u64(r) >> 11) * 0x1p-53;
}

/* Box and Muller (1958), one of the pair: no state beside the seed's. */
double lm_random_normal(struct lm_random *r)
{
    double radius = sqrt(-2.0 * log(1.0 - lm_random_uniform(r)));
    return radius * cos(2.0 * 3.14159265358979323846 * lm_random_uniform(r));
}
