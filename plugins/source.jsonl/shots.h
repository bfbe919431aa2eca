/* shots.h - solved problems that stand before a prompt as examples.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SHOTS_H
#define SHOTS_H

#include "reader.h"

enum { SHOTS_LIMIT = 64 };

struct shots {
    char *text; /* each example and a blank line; owned */
    size_t size;
    unsigned long long numbers[SHOTS_LIMIT]; /* of the problems, as `ids` counts them */
    size_t n;
};

/* The first `wanted` problems that ids chooses and that have a reference: prompt, reference,
 * without white space at its end. The reader is closed before and after. */
bool shots_read(struct reader *, const char *ids, size_t wanted, struct shots *out,
                struct leti_error *err);
void shots_free(struct shots *);

bool shots_hold(const struct shots *, unsigned long long number);

#endif
