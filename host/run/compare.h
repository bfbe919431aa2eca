/* compare.h - two runs' tests of the same problems, side by side.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_COMPARE_H
#define RUN_COMPARE_H

#include <stdint.h>

#include "leti/error.h"

#define COMPARE_LAST UINT32_MAX /* the last iteration that all tests were done after */

struct compare_side {
    const char *folder;
    uint32_t iteration;
    bool asked; /* for this iteration, which is then said */
};

struct compare_config {
    struct compare_side first, second;
    bool json, quiet;
};

/* Whether the run in the folder has a test of that name on problems with that hash, and did it
 * before any training. */
bool compare_problems(const char *folder, const char *test, const char *hash,
                      struct leti_error *err);

/* Prints, of each test of the first run, how it differs from the second's test of that name:
 * paired.h. Both must be done, and on the same problems. With json one object, which begins as the
 * last line of a run does. */
bool compare_tests(const struct compare_config *, struct leti_error *err);

#endif
