/* random.h - reproducible random numbers: the same seed gives the same sequence everywhere.
 *
 * SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_RANDOM_H
#define LM_RANDOM_H

#include <stdint.h>

struct lm_random {
    uint64_t state; /* the seed, at first */
};

uint64_t lm_random_u64(struct lm_random *r);
/* In [0, 1), 53 bits. */
double lm_random_uniform(struct lm_random *r);
/* Mean 0, standard deviation 1. */
double lm_random_normal(struct lm_random *r);

#endif
