/* ops_tile.c - the small products that attention is made of.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops_tile.h"

#include <string.h>

#include "ops_vector.h"

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* `rows` rows by `wide` vectors of c stay in registers over the whole sum; both are constants
 * where this is called. */
LM_INLINE void block(int rows, int wide, struct lm_tile a, const float *b, int64_t b_stride,
                     float *c, int64_t c_stride, int64_t k)
{
    lanes sum[8][2];
    for (int i = 0; i < rows; i++)
        for (int w = 0; w < wide; w++)
            sum[i][w] = *(const lanes *)(c + i * c_stride + w * LANES);
    for (int64_t p = 0; p < k; p++) {
        lanes right[2];
        for (int w = 0; w < wide; w++)
            right[w] = *(const lanes *)(b + p * b_stride + w * LANES);
        for (int i = 0; i < rows; i++)
            for (int w = 0; w < wide; w++)
                sum[i][w] += a.data[i * a.row + p * a.column] * right[w];
    }
    for (int i = 0; i < rows; i++)
        for (int w = 0; w < wide; w++)
            *(lanes *)(c + i * c_stride + w * LANES) = sum[i][w];
}

/* Columns beyond the last whole vector: heads whose size is no multiple of 16. */
LM_INLINE void edge(struct lm_tile a, const float *b, int64_t b_stride, float *c, int64_t c_stride,
                    int64_t m, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t p = 0; p < k; p++)
            for (int64_t j = 0; j < n; j++)
                c[i * c_stride + j] += a.data[i * a.row + p * a.column] * b[p * b_stride + j];
}

LM_INLINE void panel(int wide, struct lm_tile a, const float *b, int64_t b_stride, float *c,
                     int64_t c_stride, int64_t m, int64_t k)
{
    for (; m >= 8; m -= 8, a.data += 8 * a.row, c += 8 * c_stride)
        block(8, wide, a, b, b_stride, c, c_stride, k);
    if (m >= 4) {
        block(4, wide, a, b, b_stride, c, c_stride, k);
        m -= 4, a.data += 4 * a.row, c += 4 * c_stride;
    }
    for (; m > 0; m--, a.data += a.row, c += c_stride)
        block(1, wide, a, b, b_stride, c, c_stride, k);
}

LM_VECTOR void lm_tile_product(struct lm_tile a, const float *b, int64_t b_stride, float *c,
                               int64_t c_stride, int64_t m, int64_t n, int64_t k)
{
    for (; n >= 2 * LANES; n -= 2 * LANES, b += 2 * LANES, c += 2 * LANES)
        panel(2, a, b, b_stride, c, c_stride, m, k);
    if (n >= LANES) {
        panel(1, a, b, b_stride, c, c_stride, m, k);
        n -= LANES, b += LANES, c += LANES;
    }
    if (n > 0)
        edge(a, b, b_stride, c, c_stride, m, n, k);
}

LM_VECTOR void lm_tile_transpose(const float *x, int64_t stride, float *out, int64_t rows,
                                 int64_t columns)
{
    if (rows < LM_TILE_LANES)
        memset(out, 0, sizeof *out * (size_t)(columns * LM_TILE_LANES));
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            out[j * LM_TILE_LANES + i] = x[i * stride + j];
}
