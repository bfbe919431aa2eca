/* words.h - a list of texts that are made one after the other, such as overrides.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_WORDS_H
#define RUN_WORDS_H

#include <stddef.h>

#include "leti/error.h"

/* Zero it to begin with. */
struct words {
    char **items; /* owned, and so are they */
    size_t n;
};

__attribute__((format(printf, 3, 4))) bool words_add(struct words *, struct leti_error *err,
                                                     const char *format, ...);
void words_free(struct words *);

#endif
