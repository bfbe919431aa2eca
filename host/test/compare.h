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

/* *has says whether the run in the folder has results of a test of that name before any training;
 * where not, *err says why. That they are of problems with another hash is an error. */
bool compare_problems(const char *folder, const char *test, const char *hash, bool *has,
                      struct leti_error *err);

/* Prints, of each test that both have results of, how the first run's differs from the second's:
 * paired.h; tests that one of them lacks are said. It is an error where there is none, or not on
 * the same problems. Before the first training one condition's result is that of all. With json one
 * object, which begins as the last line of a run does. */
bool compare_tests(const struct compare_config *, struct leti_error *err);

#endif
