/* ops_bf16.h - within the operations: products in bf16 that add up in f32.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_OPS_BF16_H
#define LM_OPS_BF16_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/ops.h"

/* A matrix b [k][n] as the kernels read it: columns in blocks of 64, within each the rows in blocks
 * of 32, within each pairs of rows [16][64][2]; padded with zeros. */
size_t lm_bf16_packed_size(int64_t k, int64_t n); /* elements */
void lm_bf16_pack(const float *b, int64_t k, int64_t n, uint16_t *out);
/* The same of [n][k], the transposed matrix. */
void lm_bf16_pack_transposed(const float *b, int64_t k, int64_t n, uint16_t *out);

/* Kernels by shape, and rows in work. One thread of a team each uses its own, the first one's
 * while there is no team. */
struct lm_bf16;
bool lm_bf16_create(struct lm_bf16 **out, struct leti_error *err);
void lm_bf16_destroy(struct lm_bf16 *);

/* c [m][n] = beta c + a [m][k] b, beta 0 or 1. */
bool lm_bf16_product(struct lm_bf16 *, const float *a, const uint16_t *packed, float *c, float beta,
                     int64_t m, int64_t n, int64_t k, struct leti_error *err);

/* The same of at most LM_FEW_ROWS rows, a in bf16 already. False: not on this machine, or not of
 * these sizes. */
bool lm_bf16_few_rows(const uint16_t *a, const uint16_t *packed, float *c, float beta, int64_t m,
                      int64_t n, int64_t k);

/* c [m][n] += a [k][m]^T b [k][n], where a row of a takes up a_stride elements. */
bool lm_bf16_gradient(struct lm_bf16 *, const float *a, int64_t a_stride, const float *b, float *c,
                      int64_t m, int64_t n, int64_t k, struct leti_error *err);

#endif
