/* arena.h - memory that is taken piece by piece and given back all at once.
 *
 * A message off the wire and what a plugin needs for one unit of work have this in common: many
 * small pieces, and one end. A byte of value zero stands behind each piece, so that bytes which
 * are copied into one are a C string as well.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

/* Zero it to begin with. Used by one thread at a time. */
struct arena {
    struct arena_block *block; /* where the next piece comes from; the older ones hang on it */
    size_t taken;              /* bytes asked for since the last reset */
    size_t limit;              /* on taken; 0: none */
};

/* Aligned for any type, not zeroed. NULL where memory is refused or the limit would be passed. */
void *arena_alloc(struct arena *, size_t size);
void *arena_array(struct arena *, size_t n, size_t size); /* NULL where n * size overflows, too */
char *arena_copy(struct arena *, const void *bytes, size_t size);

/* The size that arena_alloc was asked for. */
size_t arena_size(const void *piece);

/* Gives back all pieces; reset keeps a block for the next ones. */
void arena_reset(struct arena *);
void arena_free(struct arena *);

#endif
