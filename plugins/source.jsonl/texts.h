/* texts.h - texts that are put together in the host's memory.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TEXTS_H
#define TEXTS_H

#include <jansson.h>

#include "leti/plugin.h"

/* A text under construction; who makes it sees to the room, with one byte more for the NUL. */
struct builder {
    char *data; /* the host's */
    size_t size;
};

void builder_add(struct builder *, const char *text, size_t size);
/* With CR LF as LF: MBPP's code has both. NULL adds nothing. */
void builder_add_string(struct builder *, const json_t *string);
struct leti_bytes builder_finish(struct builder *);

/* before, the string with CR LF as LF, after; NULL is an empty string. */
struct leti_bytes text_copy(const struct leti_host *, const char *before, const json_t *string,
                            const char *after);

/* The same of bytes that stay as they are. */
struct leti_bytes text_join(const struct leti_host *, struct leti_bytes before,
                            struct leti_bytes text, struct leti_bytes after);

/* The form with the word in the place of each "{target}". */
struct leti_bytes text_fill(const struct leti_host *, const char *form, const char *word);

struct leti_bytes text_bytes(const char *text);

/* Without the white space at both ends, in the same memory. */
struct leti_bytes text_strip(struct leti_bytes);

#endif
