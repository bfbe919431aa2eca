/* gguf_parts.h - within the GGUF reader: what an open file consists of.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_GGUF_PARTS_H
#define LM_GGUF_PARTS_H

#include "gguf/gguf.h"

/* The types of metadata, by their numbers in the file. */
enum lm_gguf_value {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    BOOL,
    STRING,
    ARRAY,
    U64,
    I64,
    F64,
    N_VALUES
};

struct lm_gguf_value_type {
    const char *name;
    size_t size; /* of one, in bytes; 0: it varies */
};
extern const struct lm_gguf_value_type lm_gguf_value_types[N_VALUES];

/* Values of one type, in the file. */
struct lm_gguf_array {
    enum lm_gguf_value type; /* never ARRAY */
    size_t n;
    const uint8_t *data;     /* NULL of strings */
    const uint8_t **strings; /* where each begins, its length in front; NULL of other types */
};

/* A key and its value: an array, or what would be the only element of one. */
struct lm_gguf_entry {
    char *key;
    bool is_array;
    struct lm_gguf_array value;
};

struct lm_gguf {
    char *name;
    struct lm_gguf_entry *entries; /* by key */
    size_t n_entries;
    struct lm_gguf_tensor *tensors; /* by name, which the file owns */
    size_t n_tensors;
    void *map; /* NULL where the memory is the caller's */
    size_t map_size;
};

/* How a type lays out its elements. */
struct lm_gguf_block {
    const char *name;
    int elements;
    int bytes;
    void (*to_f32)(const uint8_t *blocks, size_t n, float *out); /* NULL: a type that is not read */
};

/* NULL for a number that is no type of a tensor. */
const struct lm_gguf_block *lm_gguf_block(uint64_t type);

/* An integer as the file has it, of size bytes. */
static inline uint64_t lm_gguf_little_endian(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

#endif
