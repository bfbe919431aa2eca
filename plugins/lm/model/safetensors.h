/* safetensors.h - reads and writes the safetensors format.
 *
 * The file is mapped, and every field of its header is checked before use: a truncated or
 * hostile file gives an error that says what is wrong, never a read outside the file.
 * Format: 8 bytes little-endian header size, JSON header, tensor bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_SAFETENSORS_H
#define LM_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"

enum lm_dtype { LM_F32, LM_F16, LM_BF16 };

struct lm_tensor_view {
    const char *name;
    enum lm_dtype dtype;
    size_t n_dims;
    int64_t dims[4]; /* row-major */
    size_t n;        /* elements */
    const void *data;
};

struct lm_safetensors;

bool lm_safetensors_open(const char *path, struct lm_safetensors **out, struct leti_error *err);
/* The same over memory, which the caller keeps; name stands for the file in errors. */
bool lm_safetensors_parse(const char *name, const void *data, size_t size,
                          struct lm_safetensors **out, struct leti_error *err);
void lm_safetensors_close(struct lm_safetensors *);

size_t lm_safetensors_count(const struct lm_safetensors *);
/* Views live as long as the file is open. find() gives NULL where there is no such tensor. */
const struct lm_tensor_view *lm_safetensors_at(const struct lm_safetensors *, size_t i);
const struct lm_tensor_view *lm_safetensors_find(const struct lm_safetensors *, const char *name);

/* Converts a tensor to f32; out has view->n elements. */
void lm_tensor_to_f32(const struct lm_tensor_view *view, float *out);

struct lm_tensor_source {
    const char *name;
    size_t n_dims;
    int64_t dims[4];
    const float *data; /* f32, converted to the file's type on the way */
};

/* Writes a whole file beside path, syncs it and renames it into place. Types: f32 and bf16
 * (rounded to nearest, ties to even). */
bool lm_safetensors_write(const char *path, const struct lm_tensor_source *tensors, size_t n,
                          enum lm_dtype dtype, struct leti_error *err);

#endif
