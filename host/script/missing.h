/* missing.h - what a pipeline names and is not here, where that is no error.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_MISSING_H
#define SCRIPT_MISSING_H

#include <stdbool.h>
#include <stddef.h>

#include "leti/error.h"

struct missing {
    const char *kind; /* "data", "cached" or "model"; static */
    char *name;       /* as the pipeline has it */
};

/* Zero it to begin with. */
struct missing_list {
    struct missing *items; /* no name twice */
    size_t n;
};

bool missing_add(struct missing_list *, const char *kind, const char *name, struct leti_error *err);
bool missing_has(const struct missing_list *, const char *name);
void missing_free(struct missing_list *);

#endif
