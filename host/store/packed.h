/* packed.h - a list of byte strings in one: how spans and string maps stand in the database.
 *
 * Each string is its size (4 bytes, little-endian), its bytes and a NUL, so that what is unpacked
 * needs no copy.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PACKED_H
#define STORE_PACKED_H

#include "base/text.h"
#include "leti/plugin.h"

void packed_add(struct text *, struct leti_bytes);
void packed_add_number(struct text *, uint32_t); /* 4 bytes without a size */

struct packed {
    const char *at;
    size_t left;
};

/* Each takes the next one, which points into what is unpacked; false where the bytes end early
 * or lie. */
bool packed_next(struct packed *, struct leti_bytes *out);
bool packed_next_number(struct packed *, uint32_t *out);

void packed_add_pairs(struct text *, const struct leti_pair *, size_t n);
void packed_add_spans(struct text *, const struct leti_span *, size_t n);

/* The caller frees *out, whose texts point into what is unpacked. */
bool packed_pairs(struct leti_bytes packed, struct leti_pair **out, size_t *n,
                  struct leti_error *err);
bool packed_spans(struct leti_bytes packed, struct leti_span **out, size_t *n,
                  struct leti_error *err);

#endif
