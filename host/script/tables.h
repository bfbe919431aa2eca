/* tables.h - the options of a pipeline and of a test, read by the same code as a plugin's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_TABLES_H
#define SCRIPT_TABLES_H

#include "leti/plugin.h"

struct pipeline_options {
    const char *name, *listen;
    int64_t iterations, seed;
    double infra_limit;
    bool preflight, cache;
    struct leti_list post;
};

struct test_options {
    const char *name, *condition;
    int64_t samples, top_k, max_length, every;
    double temperature, top_p;
};

extern const struct leti_option pipeline_options[], test_options[];

#endif
