/* problems.h - a set of problems in memory, read from its source stages.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_PROBLEMS_H
#define RUN_PROBLEMS_H

#include "base/arena.h"
#include "base/hash.h"
#include "script/pipeline.h"

/* Zero it to begin with. */
struct problems {
    struct leti_problem *items;
    size_t n;
    char hash[HASH_TEXT]; /* of all that is in them, in their order */
    struct arena memory;
};

/* Reads the sources one after the other, in this process. run_dir: where they may write. */
bool problems_read(const struct problem_set *, const char *run_dir, uint64_t seed,
                   struct problems *, struct leti_error *err);
void problems_free(struct problems *);

/* How many of them have a reference. */
size_t problems_with_reference(const struct problems *);

#endif
