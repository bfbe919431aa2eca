/* ops_norm.c - RMSNorm (Zhang and Sennrich 2019) and LayerNorm (Ba et al. 2016), forward and
 * backward.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops.h"

#include <math.h>
#include <string.h>

#include "ops/ops_vector.h"

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

/* ---- LayerNorm ---- */

LM_VECTOR static void layer_row(const float *x, const float *weight, const float *bias, float eps,
                                float *out, float *mean_out, float *rstd_out, int64_t C)
{
    float sum = 0.0f, squares = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < C; c++)
        sum += x[c];
    float mean = sum / (float)C;
#pragma omp simd reduction(+ : squares)
    for (int64_t c = 0; c < C; c++)
        squares += (x[c] - mean) * (x[c] - mean);
    float rstd = 1.0f / sqrtf(squares / (float)C + eps);
    for (int64_t c = 0; c < C; c++)
        out[c] = (x[c] - mean) * rstd * weight[c] + bias[c];
    *mean_out = mean;
    *rstd_out = rstd;
}

void lm_layernorm(const float *x, const float *weight, const float *bias, float eps, float *out,
                  float *mean, float *rstd, int64_t N, int64_t C)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++) {
        float m, r;
        layer_row(x + n * C, weight, bias, eps, out + n * C, &m, &r, C);
        if (mean)
            mean[n] = m;
        if (rstd)
            rstd[n] = r;
    }
}

/* With y = (x - mean) rstd and g = dout weight: dx = rstd (g - mean(g) - y mean(g y)). */
LM_VECTOR static void layer_row_backward(const float *dout, const float *x, const float *weight,
                                         float mean, float rstd, float *dx, int64_t C)
{
    float sum = 0.0f, dot = 0.0f;
#pragma omp simd reduction(+ : sum, dot)
    for (int64_t c = 0; c < C; c++) {
        sum += dout[c] * weight[c];
        dot += dout[c] * weight[c] * (x[c] - mean);
    }
    float level = sum * rstd / (float)C, along = dot * rstd * rstd * rstd / (float)C;
    for (int64_t c = 0; c < C; c++)
        dx[c] += dout[c] * weight[c] * rstd - level - (x[c] - mean) * along;
}

void lm_layernorm_backward(const float *dout, const float *x, const float *weight,
                           const float *mean, const float *rstd, float *dx, int64_t N, int64_t C)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        layer_row_backward(dout + n * C, x + n * C, weight, mean[n], rstd[n], dx + n * C, C);
}

LM_VECTOR static void layer_weight_backward(const float *dout, const float *x, const float *mean,
                                            const float *rstd, float *dweight, int64_t N, int64_t C,
                                            int64_t first, int64_t end)
{
    for (int64_t n = 0; n < N; n++)
        for (int64_t c = first; c < end; c++)
            dweight[c] += dout[n * C + c] * (x[n * C + c] - mean[n]) * rstd[n];
}

void lm_layernorm_weight_backward(const float *dout, const float *x, const float *mean,
                                  const float *rstd, float *dweight, int64_t N, int64_t C)
{
    enum { COLUMNS = 128 };
#pragma omp parallel for schedule(static)
    for (int64_t c = 0; c < C; c += COLUMNS)
        layer_weight_backward(dout, x, mean, rstd, dweight, N, C, c,
                              c + COLUMNS < C ? c + COLUMNS : C);
}

/* ---- heads of q and k ---- */

void lm_headnorm(const float *qkv, const float *q_weight, const float *k_weight, float eps,
                 float *out, float *rstd, int64_t N, int64_t H, int64_t K, int64_t D)
{
    int64_t heads = H + K, width = (heads + K) * D;
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++) {
        const float *x = qkv + n * width;
        float *y = out + n * width;
        for (int64_t h = 0; h < heads; h++) {
            float row = norm_row(x + h * D, h < H ? q_weight : k_weight, eps, y + h * D, D);
            if (rstd)
                rstd[n * heads + h] = row;
        }
        if (x != y)
            memcpy(y + heads * D, x + heads * D, (size_t)(K * D) * sizeof *y);
    }
}

void lm_headnorm_backward(const float *dout, const float *qkv, const float *q_weight,
                          const float *k_weight, const float *rstd, float *dqkv, int64_t N,
                          int64_t H, int64_t K, int64_t D)
{
    int64_t heads = H + K, width = (heads + K) * D;
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++) {
        const float *dy = dout + n * width;
        float *dx = dqkv + n * width;
        memset(dx, 0, (size_t)(heads * D) * sizeof *dx);
        for (int64_t h = 0; h < heads; h++)
            norm_row_backward(dy + h * D, qkv + n * width + h * D, h < H ? q_weight : k_weight,
                              rstd[n * heads + h], dx + h * D, D);
        memcpy(dx + heads * D, dy + heads * D, (size_t)(K * D) * sizeof *dx);
    }
}

/* Over all rows and the heads first .. end-1. */
LM_VECTOR static void head_weight_backward(const float *dout, const float *qkv, const float *rstd,
                                           float *dweight, int64_t N, int64_t heads, int64_t width,
                                           int64_t first, int64_t end, int64_t D)
{
    for (int64_t n = 0; n < N; n++)
        for (int64_t h = first; h < end; h++)
            for (int64_t d = 0; d < D; d++)
                dweight[d] +=
                    dout[n * width + h * D + d] * qkv[n * width + h * D + d] * rstd[n * heads + h];
}

void lm_headnorm_weight_backward(const float *dout, const float *qkv, const float *rstd,
                                 float *dq_weight, float *dk_weight, int64_t N, int64_t H,
                                 int64_t K, int64_t D)
{
    int64_t heads = H + K, width = (heads + K) * D;
#pragma omp parallel for schedule(static)
    for (int which = 0; which < 2; which++)
        head_weight_backward(dout, qkv, rstd, which ? dk_weight : dq_weight, N, heads, width,
                             which ? H : 0, which ? heads : H, D);
}
