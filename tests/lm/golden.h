/* golden.h - what tests against the numbers of other programs share. After cmocka.h.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <math.h>
#include <stdlib.h>

#include "leti/error.h"

static inline void check(bool ok, const struct leti_error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static inline float *zeros(size_t n)
{
    float *x = calloc(n, sizeof *x);
    assert_non_null(x);
    return x;
}

/* The length of the difference, as a share of the length of what is expected. */
static inline double distance(const float *got, const float *want, size_t n)
{
    double apart = 0.0, length = 0.0;
    for (size_t i = 0; i < n; i++) {
        apart += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
        length += (double)want[i] * (double)want[i];
    }
    return sqrt(apart / length);
}

#endif
