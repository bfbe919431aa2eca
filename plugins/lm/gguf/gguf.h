/* gguf.h - reads the GGUF format: typed metadata and quantised tensors in one mapped file.
 *
 * Every field of the header is checked before use: a truncated or hostile file gives an error that
 * says what is wrong, never a read outside the file, and what is allocated is a small multiple of
 * the file's size. Versions 2 and 3, little endian.
 * Format: "GGUF", version, counts of tensors and of metadata, the metadata (key, type, value), the
 * tensors' descriptions (name, sizes, type, offset), padding, the tensors' bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_GGUF_H
#define LM_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"

struct lm_gguf;

bool lm_gguf_open(const char *path, struct lm_gguf **out, struct leti_error *err);
/* The same over memory, which the caller keeps; name stands for the file in errors. */
bool lm_gguf_parse(const char *name, const void *data, size_t size, struct lm_gguf **out,
                   struct leti_error *err);
void lm_gguf_close(struct lm_gguf *);

/* The path, or the name that stands for it: the subject of errors about the content. */
const char *lm_gguf_name(const struct lm_gguf *);

/* ---- metadata ---- */

/* Bytes within the file, not NUL-terminated; a string may hold any byte. */
struct lm_gguf_text {
    const char *data;
    size_t size;
};

struct lm_gguf_array; /* lives as long as the file is open */

bool lm_gguf_has(const struct lm_gguf *, const char *key);

/* A key that is not there, or that has a value of another type, is an error that names it; ask
 * lm_gguf_has first for one that may be absent. int takes every integer type (a
 * uint64 beyond int64_t reads as INT64_MAX), real takes f32, f64 and integers. */
bool lm_gguf_get_string(const struct lm_gguf *, const char *key, struct lm_gguf_text *out,
                        struct leti_error *err);
bool lm_gguf_get_int(const struct lm_gguf *, const char *key, int64_t *out, struct leti_error *err);
bool lm_gguf_get_real(const struct lm_gguf *, const char *key, double *out, struct leti_error *err);
bool lm_gguf_get_bool(const struct lm_gguf *, const char *key, bool *out, struct leti_error *err);

/* Arrays, by the types of their elements as above. */
bool lm_gguf_get_strings(const struct lm_gguf *, const char *key, const struct lm_gguf_array **out,
                         struct leti_error *err);
bool lm_gguf_get_ints(const struct lm_gguf *, const char *key, const struct lm_gguf_array **out,
                      struct leti_error *err);
bool lm_gguf_get_reals(const struct lm_gguf *, const char *key, const struct lm_gguf_array **out,
                       struct leti_error *err);
bool lm_gguf_get_bools(const struct lm_gguf *, const char *key, const struct lm_gguf_array **out,
                       struct leti_error *err);

/* Elements in constant time; i < count, and the function that belongs to the getter. */
size_t lm_gguf_array_count(const struct lm_gguf_array *);
struct lm_gguf_text lm_gguf_array_string(const struct lm_gguf_array *, size_t i);
int64_t lm_gguf_array_int(const struct lm_gguf_array *, size_t i);
double lm_gguf_array_real(const struct lm_gguf_array *, size_t i);
bool lm_gguf_array_bool(const struct lm_gguf_array *, size_t i);

/* ---- tensors ---- */

/* The types that are read, by their numbers in the file. */
enum lm_gguf_type {
    LM_GGUF_F32 = 0,
    LM_GGUF_F16 = 1,
    LM_GGUF_Q4_0 = 2,
    LM_GGUF_Q4_1 = 3,
    LM_GGUF_Q5_0 = 6,
    LM_GGUF_Q5_1 = 7,
    LM_GGUF_Q8_0 = 8,
    LM_GGUF_Q4_K = 12,
    LM_GGUF_Q5_K = 13,
    LM_GGUF_Q6_K = 14,
    LM_GGUF_BF16 = 30,
};

struct lm_gguf_tensor {
    const char *name;
    enum lm_gguf_type type;
    size_t n_dims;   /* 1 to 4 */
    int64_t dims[4]; /* row-major, outermost first: the reverse of their order in the file */
    int64_t rows;    /* the product of all but the last */
    int64_t cols;    /* the last; a multiple of the type's block */
    size_t n;        /* elements: rows * cols */
    const void *data;
    size_t size_bytes;
};

size_t lm_gguf_count(const struct lm_gguf *);
/* Tensors live as long as the file is open. find() gives NULL where there is no such tensor. */
const struct lm_gguf_tensor *lm_gguf_at(const struct lm_gguf *, size_t i);
const struct lm_gguf_tensor *lm_gguf_find(const struct lm_gguf *, const char *name);

/* "Q4_K"; NULL for a number that is not a type that is read. */
const char *lm_gguf_type_name(enum lm_gguf_type type);

/* Dequantises rows [first, first + n) to out, [n][cols], by the thread that calls. */
void lm_gguf_to_f32(const struct lm_gguf_tensor *, int64_t first, int64_t n, float *out);

#endif
