/* ops_rows.c - products of a few rows with a weight in f32: a sample or two being decoded.
 *
 * All depends on how fast the weight comes from memory, so it is read once, in its order, and asked
 * for some time ahead.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops_rows.h"

#include <omp.h>

#include "ops/ops_vector.h"

enum { LANES = 16, AHEAD = 2048 /* elements */ };

/* Of each row of x with one row of the weight. */
LM_INLINE void dots(const int m, const float *x, const float *w, int64_t K, float out[LM_FEW_ROWS])
{
    float sums[LM_FEW_ROWS][LANES] = { 0 };
    int64_t i = 0;
    for (; i + LANES <= K; i += LANES) {
        __builtin_prefetch(w + i + AHEAD);
        for (int r = 0; r < m; r++)
            for (int j = 0; j < LANES; j++)
                sums[r][j] += x[r * K + i + j] * w[i + j];
    }
    for (int r = 0; r < m; r++) {
        float sum = 0.0f;
        for (int j = 0; j < LANES; j++)
            sum += sums[r][j];
        for (int64_t k = i; k < K; k++)
            sum += x[r * K + k] * w[k];
        out[r] = sum;
    }
}

LM_VECTOR static void columns(const float *x, const float *w, float *y, float beta, int64_t m,
                              int64_t n, int64_t K, int64_t first, int64_t end)
{
    for (int64_t column = first; column < end; column++) {
        float out[LM_FEW_ROWS];
        if (m == 1)
            dots(1, x, w + column * K, K, out);
        else if (m == 2)
            dots(2, x, w + column * K, K, out);
        else if (m == 3)
            dots(3, x, w + column * K, K, out);
        else
            dots(4, x, w + column * K, K, out);
        for (int64_t r = 0; r < m; r++)
            y[r * n + column] = (beta != 0.0f ? y[r * n + column] : 0.0f) + out[r];
    }
}

void lm_few_rows(const float *x, const float *w, float *y, float beta, int64_t m, int64_t n,
                 int64_t K)
{
    int64_t parts = omp_in_parallel() ? 1 : omp_get_max_threads();
    if (parts == 1) {
        columns(x, w, y, beta, m, n, K, 0, n);
        return;
    }
#pragma omp parallel for schedule(static, 1) num_threads((int)parts)
    for (int64_t i = 0; i < parts; i++)
        columns(x, w, y, beta, m, n, K, n * i / parts, n * (i + 1) / parts);
}
