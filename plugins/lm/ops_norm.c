/* ops_norm.c - RMSNorm (Zhang and Sennrich 2019), forward and backward.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <math.h>

#include "ops_vector.h"

LM_VECTOR static float norm_row(const float *x, const float *weight, float eps, float *out,
                                int64_t C)
{
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < C; c++)
        sum += x[c] * x[c];
    float rstd = 1.0f / sqrtf(sum / (float)C + eps);
    for (int64_t c = 0; c < C; c++)
        out[c] = x[c] * rstd * weight[c];
    return rstd;
}

void lm_rmsnorm(const float *x, const float *weight, float eps, float *out, float *rstd, int64_t N,
                int64_t C)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++) {
        float row = norm_row(x + n * C, weight, eps, out + n * C, C);
        if (rstd)
            rstd[n] = row;
    }
}

/* With y = x rstd: dx = rstd (dout weight - y mean(dout weight y)). */
LM_VECTOR static void norm_row_backward(const float *dout, const float *x, const float *weight,
                                        float rstd, float *dx, int64_t C)
{
    float dot = 0.0f;
#pragma omp simd reduction(+ : dot)
    for (int64_t c = 0; c < C; c++)
        dot += dout[c] * weight[c] * x[c];
    float along = dot * rstd * rstd * rstd / (float)C;
    for (int64_t c = 0; c < C; c++)
        dx[c] += dout[c] * weight[c] * rstd - x[c] * along;
}

void lm_rmsnorm_backward(const float *dout, const float *x, const float *weight, const float *rstd,
                         float *dx, int64_t N, int64_t C)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        norm_row_backward(dout + n * C, x + n * C, weight, rstd[n], dx + n * C, C);
}

/* dweight of the columns first .. end-1, over all rows. */
LM_VECTOR static void weight_backward(const float *dout, const float *x, const float *rstd,
                                      float *dweight, int64_t N, int64_t C, int64_t first,
                                      int64_t end)
{
    for (int64_t n = 0; n < N; n++)
        for (int64_t c = first; c < end; c++)
            dweight[c] += dout[n * C + c] * x[n * C + c] * rstd[n];
}

/* The threads share out columns, so that every sum has one order whatever their number. */
void lm_rmsnorm_weight_backward(const float *dout, const float *x, const float *rstd,
                                float *dweight, int64_t N, int64_t C)
{
    enum { COLUMNS = 128 };
#pragma omp parallel for schedule(static)
    for (int64_t c = 0; c < C; c += COLUMNS)
        weight_backward(dout, x, rstd, dweight, N, C, c, c + COLUMNS < C ? c + COLUMNS : C);
}
