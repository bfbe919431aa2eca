/* kv_cache.c - blocks, and a list of those that are free: the last one given back, whose memory
 * is warm, goes out first.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "generate/kv_cache.h"

#include <stdlib.h>

struct lm_kv_block {
    struct lm_kv_block *next_free;
    float *data; /* [chunk][layer][K][keys, values of a chunk] */
};

struct lm_kv_cache {
    size_t layer, chunk; /* elements of one layer's part of a chunk, and of a whole chunk */
    size_t block_bytes;
    struct lm_kv_block *free;
};

bool lm_kv_cache_create(const struct lm_config *config, int32_t capacity, struct lm_kv_cache **out,
                        struct leti_error *err)
{
    size_t chunks = ((size_t)capacity + LM_CHUNK - 1) / LM_CHUNK;
    size_t row = (size_t)config->n_kv_heads * (size_t)config->head_dim;
    size_t layer, chunk, bytes;
    if (__builtin_mul_overflow(row, (size_t)2 * LM_CHUNK, &layer) ||
        __builtin_mul_overflow(layer, (size_t)config->n_layers, &chunk) ||
        __builtin_mul_overflow(chunk, chunks * sizeof(float), &bytes))
        return leti_error_set(err, "keys and values of %d positions are too large", capacity);
    struct lm_kv_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return leti_error_set(err, "out of memory");
    cache->layer = layer;
    cache->chunk = chunk;
    cache->block_bytes = bytes;
    *out = cache;
    return true;
}

void lm_kv_cache_destroy(struct lm_kv_cache *cache)
{
    if (!cache)
        return;
    for (struct lm_kv_block *block = cache->free, *next; block; block = next) {
        next = block->next_free;
        free(block->data);
        free(block);
    }
    free(cache);
}

static struct lm_kv_block *block_create(size_t bytes)
{
    struct lm_kv_block *block = malloc(sizeof *block);
    if (!block)
        return NULL;
    block->data = aligned_alloc(64, bytes);
    if (block->data)
        return block;
    free(block);
    return NULL;
}

bool lm_kv_take(struct lm_kv_cache *cache, struct lm_kv_block **out, struct leti_error *err)
{
    struct lm_kv_block *block = cache->free;
    if (block)
        cache->free = block->next_free;
    else
        block = block_create(cache->block_bytes);
    if (!block)
        return leti_error_set(err, "out of memory for the keys and values of one more sequence");
    *out = block;
    return true;
}

void lm_kv_give(struct lm_kv_cache *cache, struct lm_kv_block *block)
{
    if (!block)
        return;
    block->next_free = cache->free;
    cache->free = block;
}

struct lm_kv lm_kv_layer(const struct lm_kv_cache *cache, const struct lm_kv_block *block,
                         int32_t layer, int32_t n)
{
    return (struct lm_kv){ block->data + (size_t)layer * cache->layer, (int64_t)cache->chunk, n };
}
