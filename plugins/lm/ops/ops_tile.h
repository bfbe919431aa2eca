/* ops_tile.h - the small products that attention is made of; not for others.
 *
 * Attention works on tiles that fit the first cache, far below the size where a call into a
 * matrix library pays.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_OPS_TILE_H
#define LM_OPS_TILE_H

#include <stdbool.h>
#include <stdint.h>

/* A matrix whose element (i, j) stands at data[i * row + j * column]. */
struct lm_tile {
    const float *data;
    int64_t row, column;
};

/* c[m][n] = a[m][k] b[k][n], or with `add` grows by it; b and c are row-major with these strides.
 */
void lm_tile_product(struct lm_tile a, const float *b, int64_t b_stride, float *c, int64_t c_stride,
                     int64_t m, int64_t n, int64_t k, bool add);

/* out[columns][LM_TILE_LANES] = the transpose of x[rows][columns]; the columns of out from rows on
 * are zero. */
enum { LM_TILE_LANES = 64 };
void lm_tile_transpose(const float *x, int64_t stride, float *out, int64_t rows, int64_t columns);

#endif
