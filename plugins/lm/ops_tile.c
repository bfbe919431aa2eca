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
                     float *c, int64_t c_stride, int64_t k, bool add)
{
    lanes sum[8][2];
    for (int i = 0; i < rows; i++)
        for (int w = 0; w < wide; w++)
            sum[i][w] = add ? *(const lanes *)(c + i * c_stride + w * LANES) : (lanes){ 0 };
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
                    int64_t m, int64_t n, int64_t k, bool add)
{
    for (int64_t i = 0; i < m; i++) {
        if (!add)
            memset(c + i * c_stride, 0, (size_t)n * sizeof *c);
        for (int64_t p = 0; p < k; p++)
            for (int64_t j = 0; j < n; j++)
                c[i * c_stride + j] += a.data[i * a.row + p * a.column] * b[p * b_stride + j];
    }
}

LM_INLINE void panel(int wide, struct lm_tile a, const float *b, int64_t b_stride, float *c,
                     int64_t c_stride, int64_t m, int64_t k, bool add)
{
    for (; m >= 8; m -= 8, a.data += 8 * a.row, c += 8 * c_stride)
        block(8, wide, a, b, b_stride, c, c_stride, k, add);
    if (m >= 4) {
        block(4, wide, a, b, b_stride, c, c_stride, k, add);
        m -= 4, a.data += 4 * a.row, c += 4 * c_stride;
    }
    for (; m > 0; m--, a.data += a.row, c += c_stride)
        block(1, wide, a, b, b_stride, c, c_stride, k, add);
}

LM_VECTOR void lm_tile_product(struct lm_tile a, const float *b, int64_t b_stride, float *c,
                               int64_t c_stride, int64_t m, int64_t n, int64_t k, bool add)
{
    for (; n >= 2 * LANES; n -= 2 * LANES, b += 2 * LANES, c += 2 * LANES)
        panel(2, a, b, b_stride, c, c_stride, m, k, add);
    if (n >= LANES) {
        panel(1, a, b, b_stride, c, c_stride, m, k, add);
        n -= LANES, b += LANES, c += LANES;
    }
    if (n > 0)
        edge(a, b, b_stride, c, c_stride, m, n, k, add);
}

/* A riffle of rows i and i + 8 into rows 2i and 2i + 1 turns the bits of (row, column) by one
 * place; four of them swap row and column. */
LM_INLINE void riffle(const lanes from[LANES], lanes to[LANES])
{
    for (int i = 0; i < LANES / 2; i++) {
        to[2 * i] = __builtin_shufflevector(from[i], from[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20,
                                            5, 21, 6, 22, 7, 23);
        to[2 * i + 1] = __builtin_shufflevector(from[i], from[i + 8], 8, 24, 9, 25, 10, 26, 11, 27,
                                                12, 28, 13, 29, 14, 30, 15, 31);
    }
}

/* LANES columns of up to LANES rows; the rows that lack are zero. */
LM_INLINE void transpose_square(const float *x, int64_t stride, float *out, int64_t rows)
{
    lanes a[LANES], b[LANES];
    for (int i = 0; i < LANES; i++)
        a[i] = i < rows ? *(const lanes *)(x + i * stride) : (lanes){ 0 };
    riffle(a, b);
    riffle(b, a);
    riffle(a, b);
    riffle(b, a);
    for (int i = 0; i < LANES; i++)
        *(lanes *)(out + i * LM_TILE_LANES) = a[i];
}

LM_VECTOR void lm_tile_transpose(const float *x, int64_t stride, float *out, int64_t rows,
                                 int64_t columns)
{
    int64_t whole = columns / LANES * LANES;
    for (int64_t j = 0; j < whole; j += LANES)
        for (int64_t i = 0; i < LM_TILE_LANES; i += LANES)
            transpose_square(x + i * stride + j, stride, out + j * LM_TILE_LANES + i, rows - i);
    for (int64_t j = whole; j < columns; j++)
        for (int64_t i = 0; i < LM_TILE_LANES; i++)
            out[j * LM_TILE_LANES + i] = i < rows ? x[i * stride + j] : 0.0f;
}
