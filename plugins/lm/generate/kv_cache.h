/* kv_cache.h - keys and values of the sequences that are open.
 *
 * A block holds the keys and values of one sequence, or of a prompt that several sequences share,
 * in every layer. Each has room for the longest sequence, but memory is the system's until it is
 * written to, so that a block costs what was stored in it. A block that is given back is used
 * again: after a while nothing is allocated any more.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_KV_CACHE_H
#define LM_KV_CACHE_H

#include <stdint.h>

#include "model/config.h"
#include "ops/ops.h"

struct lm_kv_cache;
struct lm_kv_block;

/* capacity: positions that a block has room for, rounded up to what the operations need. */
bool lm_kv_cache_create(const struct lm_config *, int32_t capacity, struct lm_kv_cache **out,
                        struct leti_error *err);
/* All blocks must have been given back. */
void lm_kv_cache_destroy(struct lm_kv_cache *);

bool lm_kv_take(struct lm_kv_cache *, struct lm_kv_block **out, struct leti_error *err);
void lm_kv_give(struct lm_kv_cache *, struct lm_kv_block *); /* NULL: nothing to do */

/* The part of one layer, of which n positions are stored. */
struct lm_kv lm_kv_layer(const struct lm_kv_cache *, const struct lm_kv_block *, int32_t layer,
                         int32_t n);

#endif
