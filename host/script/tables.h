/* tables.h - the options of a pipeline and of a test, read by the same code as a plugin's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_TABLES_H
#define SCRIPT_TABLES_H

#include "leti/error.h"
#include "registry/options.h"

struct pipeline_options {
    const char *name, *listen, *samples_from;
    int64_t iterations, seed, keep_checkpoints;
    double infra_limit;
    bool preflight, cache, tests_only;
    struct leti_list post;
};

struct test_options {
    const char *name, *post;
    struct leti_list condition;
    int64_t samples, top_k, max_length, every;
    double temperature, top_p;
};

extern const struct leti_option pipeline_options[], test_options[];

/* Holds the settings' names against those of a table, of another (may be NULL), and some words more
 * (NULL-terminated; may be NULL), so that the nearest of all is offered. whose: for the error. */
bool tables_check_known(const struct settings *, const struct leti_option *table,
                        const struct leti_option *more, const char *const *words, const char *whose,
                        struct leti_error *err);

#endif
