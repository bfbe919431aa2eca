/* ops_pointwise.c - what works on one element or one row at a time: sum, bias, embedding.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops.h"

#include "ops/ops_vector.h"

LM_VECTOR static void add(float *x, const float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] += y[i];
}

void lm_add(float *x, const float *y, size_t n)
{
    enum { CHUNK = 8192 };
    int64_t size = (int64_t)n;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < size; i += CHUNK)
        add(x + i, y + i, i + CHUNK < size ? CHUNK : size - i);
}

/* ---- bias ---- */

void lm_bias(float *y, const float *bias, int64_t N, int64_t C)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        add(y + n * C, bias, C);
}

/* The threads share out columns, so that every sum has one order whatever their number. */
void lm_bias_backward(const float *dy, float *dbias, int64_t N, int64_t C)
{
    enum { COLUMNS = 128 };
#pragma omp parallel for schedule(static)
    for (int64_t c = 0; c < C; c += COLUMNS)
        for (int64_t n = 0; n < N; n++)
            add(dbias + c, dy + n * C + c, c + COLUMNS < C ? COLUMNS : C - c);
}

/* ---- embedding ---- */

LM_VECTOR static void scale_row(const float *x, float scale, float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = scale * x[i];
}

LM_VECTOR static void add_scaled(float *x, const float *y, float scale, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] += scale * y[i];
}

void lm_embed(const float *table, const int32_t *tokens, float scale, float *out, int64_t N,
              int64_t C)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        scale_row(table + tokens[n] * C, scale, out + n * C, C);
}

void lm_embed_add(const float *table, const int32_t *rows, float *out, int64_t N, int64_t C)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        add(out + n * C, table + rows[n] * C, C);
}

/* A token may stand at many places, so the threads share out the columns. */
void lm_embed_backward(const float *dout, const int32_t *tokens, float scale, float *dtable,
                       int64_t N, int64_t C)
{
    enum { COLUMNS = 64 };
#pragma omp parallel for schedule(static)
    for (int64_t c = 0; c < C; c += COLUMNS)
        for (int64_t n = 0; n < N; n++)
            add_scaled(dtable + tokens[n] * C + c, dout + n * C + c, scale,
                       c + COLUMNS < C ? COLUMNS : C - c);
}
