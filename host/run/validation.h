/* validation.h - the references of held-out problems as training texts, whose loss the trainer
 * tells.
 *
 * Each goes through the pipeline's formatter as a sample that passed. The loss is told twice: with
 * the reward token before the text, which itself does not count, and without it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_VALIDATION_H
#define RUN_VALIDATION_H

#include "run/context.h"

enum { VALIDATION_SETS = 2 };
extern const char
    *const validation_sets[VALIDATION_SETS]; /* "validation_good", "validation_none" */

/* Zero it to begin with. */
struct validation {
    struct leti_example *items[VALIDATION_SETS]; /* of each set */
    size_t n;                                    /* in each */
    struct arena memory;
};

/* Formats them; none where the pipeline asks for no validation. */
bool validation_open(struct run *, struct validation *, struct leti_error *err);
void validation_close(struct validation *);

/* Whether there is something to validate with, where it is asked for. */
bool validation_check(const struct run *, struct leti_error *err);

#endif
