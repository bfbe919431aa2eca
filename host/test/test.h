/* test.h - `leti test`: samples and scores only, and compares with another model.
 *
 * A test is a run whose pipeline says tests_only, in a folder of its own: it can be shown, reported
 * and resumed as any other. Where it compares with a second model, that one's run is in the folder
 * `against` inside of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_TEST_H
#define RUN_TEST_H

#include "leti/error.h"

struct test_config {
    const char *file;            /* pipeline; NULL: the task's problems */
    const char *task;            /* "mbpp" */
    const char *part;            /* "train"; NULL: "test", or "all" of a file without one */
    const char *problems;        /* a file in the place of the task's own; NULL: that */
    const char *model;           /* see model_name.h */
    const char *against;         /* the same, or the folder of an earlier test; NULL: nothing */
    const char *const *settings; /* "test.samples=4" of --samples 4 */
    size_t n_settings;
    const char *const *overrides; /* of --set, over them. Where none of either says a condition: */
    size_t n_overrides;           /* the pipeline's, or none where the model lacks a token */
    const char *resume, *out;     /* as in run_config */
    const char *results; /* RUN or RUN@3: nothing is sampled, the run's own tests are compared */
    bool json, quiet;
};

/* Does it, and prints what comes of it. */
bool test_run(const struct test_config *, struct leti_error *err);

#endif
