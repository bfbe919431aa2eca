/* gguf_build.h - GGUF files in memory, well-formed or as wrong as a test wants them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GGUF_BUILD_H
#define GGUF_BUILD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"

/* The types of metadata, by their numbers in the file. */
enum { GGUF_U32 = 4, GGUF_F32 = 6, GGUF_BOOL = 7, GGUF_STRING = 8, GGUF_ARRAY = 9, GGUF_U64 = 10 };

struct gguf_build {
    uint8_t *data;
    size_t size, capacity;
};

__attribute__((unused)) static void gguf_put(struct gguf_build *b, const void *data, size_t size)
{
    if (b->size + size > b->capacity) {
        b->capacity = 2 * (b->size + size);
        b->data = realloc(b->data, b->capacity);
        if (!b->data)
            abort();
    }
    if (size > 0)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}

__attribute__((unused)) static void gguf_u32(struct gguf_build *b, uint32_t value)
{
    gguf_put(b, &value, sizeof value);
}

__attribute__((unused)) static void gguf_u64(struct gguf_build *b, uint64_t value)
{
    gguf_put(b, &value, sizeof value);
}

__attribute__((unused)) static void gguf_text(struct gguf_build *b, const char *text)
{
    gguf_u64(b, strlen(text));
    gguf_put(b, text, strlen(text));
}

__attribute__((unused)) static void gguf_begin(struct gguf_build *b, uint32_t version,
                                               uint64_t n_tensors, uint64_t n_keys)
{
    gguf_put(b, "GGUF", 4);
    gguf_u32(b, version);
    gguf_u64(b, n_tensors);
    gguf_u64(b, n_keys);
}

/* What comes before a value. */
__attribute__((unused)) static void gguf_key(struct gguf_build *b, const char *key, uint32_t type)
{
    gguf_text(b, key);
    gguf_u32(b, type);
}

__attribute__((unused)) static void gguf_key_u32(struct gguf_build *b, const char *key,
                                                 uint32_t value)
{
    gguf_key(b, key, GGUF_U32);
    gguf_u32(b, value);
}

__attribute__((unused)) static void gguf_key_f32(struct gguf_build *b, const char *key, float value)
{
    gguf_key(b, key, GGUF_F32);
    gguf_put(b, &value, sizeof value);
}

__attribute__((unused)) static void gguf_key_text(struct gguf_build *b, const char *key,
                                                  const char *text)
{
    gguf_key(b, key, GGUF_STRING);
    gguf_text(b, text);
}

/* dims as in the file: the innermost first. */
__attribute__((unused)) static void gguf_tensor(struct gguf_build *b, const char *name,
                                                uint32_t n_dims, const uint64_t *dims,
                                                uint32_t type, uint64_t offset)
{
    gguf_text(b, name);
    gguf_u32(b, n_dims);
    gguf_put(b, dims, n_dims * sizeof *dims);
    gguf_u32(b, type);
    gguf_u64(b, offset);
}

__attribute__((unused)) static void gguf_align(struct gguf_build *b, size_t alignment)
{
    while (b->size % alignment != 0)
        gguf_put(b, "", 1);
}

/* Parses what was built from memory of exactly its size, so that a read beyond it is seen. *copy
 * is the caller's to free, after the file. */
__attribute__((unused)) static bool gguf_built(const struct gguf_build *b, void **copy,
                                               struct lm_gguf **out, struct leti_error *err)
{
    *copy = malloc(b->size ? b->size : 1);
    if (!*copy)
        abort();
    if (b->size > 0)
        memcpy(*copy, b->data, b->size);
    return lm_gguf_parse("x.gguf", *copy, b->size, out, err);
}

#endif
