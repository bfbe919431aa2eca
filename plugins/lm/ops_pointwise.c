/* ops_pointwise.c - what works on one element or one row at a time: embedding, SwiGLU, sum.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <string.h>

#include "ops_vector.h"

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

/* ---- embedding ---- */

void lm_embed(const float *table, const int32_t *tokens, float *out, int64_t N, int64_t C)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        memcpy(out + n * C, table + tokens[n] * C, (size_t)C * sizeof *out);
}

/* A token may stand at many places, so the threads share out the columns. */
void lm_embed_backward(const float *dout, const int32_t *tokens, float *dtable, int64_t N,
                       int64_t C)
{
    enum { COLUMNS = 64 };
#pragma omp parallel for schedule(static)
    for (int64_t c = 0; c < C; c += COLUMNS)
        for (int64_t n = 0; n < N; n++)
            add(dtable + tokens[n] * C + c, dout + n * C + c, c + COLUMNS < C ? COLUMNS : C - c);
}

/* ---- SwiGLU (Shazeer 2020) ---- */

LM_VECTOR static void swiglu_row(const float *gate, const float *up, float *out, int64_t F)
{
#pragma omp simd
    for (int64_t f = 0; f < F; f++)
        out[f] = gate[f] / (1.0f + lm_exp(-gate[f])) * up[f];
}

void lm_swiglu(const float *gate_up, float *out, int64_t N, int64_t F)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        swiglu_row(gate_up + 2 * n * F, gate_up + (2 * n + 1) * F, out + n * F, F);
}

LM_VECTOR static void swiglu_row_backward(const float *dout, const float *gate, const float *up,
                                          float *out, float *dgate, float *dup, int64_t F)
{
#pragma omp simd
    for (int64_t f = 0; f < F; f++) {
        float sigmoid = 1.0f / (1.0f + lm_exp(-gate[f]));
        float silu = gate[f] * sigmoid;
        out[f] = silu * up[f];
        dup[f] = dout[f] * silu;
        dgate[f] = dout[f] * up[f] * (sigmoid + silu * (1.0f - sigmoid));
    }
}

void lm_swiglu_backward(const float *dout, const float *gate_up, float *out, float *dgate_up,
                        int64_t N, int64_t F)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        swiglu_row_backward(dout + n * F, gate_up + 2 * n * F, gate_up + (2 * n + 1) * F,
                            out + n * F, dgate_up + 2 * n * F, dgate_up + (2 * n + 1) * F, F);
}
