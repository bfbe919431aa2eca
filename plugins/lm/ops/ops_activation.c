/* ops_activation.c - what an MLP does between its products: SiLU (Elfwing et al. 2018) or GELU
 * (Hendrycks and Gimpel 2016), of a gate beside the values (Shazeer 2020) or of the values.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops.h"

#include <math.h>

#include "ops/ops_vector.h"

/* f(x) and f'(x). The tanh of "gelu_new" is a logistic function in disguise:
 * (1 + tanh u) / 2 = 1 / (1 + e^-2u). */
LM_INLINE float activate(enum lm_activation f, float x, float *slope)
{
    if (f == LM_SILU) {
        float s = 1.0f / (1.0f + lm_exp(-x));
        *slope = s + x * s * (1.0f - s);
        return x * s;
    }
    if (f == LM_GELU_TANH) {
        float two_u = 1.59576912f * (x + 0.044715f * x * x * x); /* 2 sqrt(2 / pi) */
        float s = 1.0f / (1.0f + lm_exp(-two_u));
        *slope = s + x * s * (1.0f - s) * 1.59576912f * (1.0f + 0.134145f * x * x);
        return x * s;
    }
    float s = 0.5f * (1.0f + erff(0.707106781f * x));
    *slope = s + x * 0.398942280f * lm_exp(-0.5f * x * x);
    return x * s;
}

LM_INLINE void row(enum lm_activation f, bool gated, const float *in, float *out, int64_t F)
{
#pragma omp simd
    for (int64_t i = 0; i < F; i++) {
        float slope, y = activate(f, in[i], &slope);
        out[i] = gated ? y * in[F + i] : y;
    }
}

LM_INLINE void row_backward(enum lm_activation f, bool gated, const float *dout, const float *in,
                            float *out, float *din, int64_t F)
{
#pragma omp simd
    for (int64_t i = 0; i < F; i++) {
        float slope, y = activate(f, in[i], &slope);
        float d = dout[i], up = gated ? in[F + i] : 1.0f;
        out[i] = y * up;
        din[i] = d * up * slope;
        if (gated)
            din[F + i] = d * y;
    }
}

/* Each function is compiled for itself. */
LM_VECTOR static void activate_row(enum lm_activation f, bool gated, const float *in, float *out,
                                   int64_t F)
{
    if (f == LM_SILU && gated)
        row(LM_SILU, true, in, out, F);
    else if (f == LM_SILU)
        row(LM_SILU, false, in, out, F);
    else if (f == LM_GELU_TANH && gated)
        row(LM_GELU_TANH, true, in, out, F);
    else if (f == LM_GELU_TANH)
        row(LM_GELU_TANH, false, in, out, F);
    else
        row(LM_GELU, gated, in, out, F);
}

LM_VECTOR static void activate_row_backward(enum lm_activation f, bool gated, const float *dout,
                                            const float *in, float *out, float *din, int64_t F)
{
    if (f == LM_SILU && gated)
        row_backward(LM_SILU, true, dout, in, out, din, F);
    else if (f == LM_SILU)
        row_backward(LM_SILU, false, dout, in, out, din, F);
    else if (f == LM_GELU_TANH && gated)
        row_backward(LM_GELU_TANH, true, dout, in, out, din, F);
    else if (f == LM_GELU_TANH)
        row_backward(LM_GELU_TANH, false, dout, in, out, din, F);
    else
        row_backward(LM_GELU, gated, dout, in, out, din, F);
}

void lm_activate(enum lm_activation f, bool gated, const float *in, float *out, int64_t N,
                 int64_t F)
{
    int64_t width = gated ? 2 * F : F;
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        activate_row(f, gated, in + n * width, out + n * F, F);
}

void lm_activate_backward(enum lm_activation f, bool gated, const float *dout, const float *in,
                          float *out, float *din, int64_t N, int64_t F)
{
    int64_t width = gated ? 2 * F : F;
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        activate_row_backward(f, gated, dout + n * F, in + n * width, out + n * F, din + n * width,
                              F);
}
