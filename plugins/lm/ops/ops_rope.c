/* ops_rope.c - rotary positions (Su et al. 2021), as Llama has them in Hugging Face's files:
 * element i of a head rotates with element i + R/2.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops.h"

#include <math.h>

#include "ops/ops_vector.h"

void lm_rope_table(const float *frequencies, float amplitude, int64_t positions, int64_t R,
                   float *table)
{
    for (int64_t position = 0; position < positions; position++)
        for (int64_t i = 0; i < R / 2; i++) {
            float angle = (float)position * frequencies[i];
            float *pair = table + 2 * (position * (R / 2) + i);
            pair[0] = amplitude * (float)cos((double)angle);
            pair[1] = amplitude * (float)sin((double)angle);
        }
}

/* Rotates `heads` heads that lie one after the other, by the angles or against them. */
LM_VECTOR static void rotate_row(float *x, const float *pairs, float sign, int64_t heads, int64_t D,
                                 int64_t R)
{
    int64_t half = R / 2;
    for (int64_t h = 0; h < heads; h++) {
        float *low = x + h * D, *high = low + half;
#pragma omp simd
        for (int64_t i = 0; i < half; i++) {
            float c = pairs[2 * i], s = sign * pairs[2 * i + 1];
            float a = low[i], b = high[i];
            low[i] = a * c - b * s;
            high[i] = b * c + a * s;
        }
    }
}

static void rotate(float *qkv, const int32_t *positions, const float *table, float sign, int64_t N,
                   int64_t H, int64_t K, int64_t D, int64_t R)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        rotate_row(qkv + n * (H + 2 * K) * D, table + positions[n] * R, sign, H + K, D, R);
}

void lm_rope(float *qkv, const int32_t *positions, const float *table, int64_t N, int64_t H,
             int64_t K, int64_t D, int64_t R)
{
    rotate(qkv, positions, table, 1.0f, N, H, K, D, R);
}

void lm_rope_backward(float *dqkv, const int32_t *positions, const float *table, int64_t N,
                      int64_t H, int64_t K, int64_t D, int64_t R)
{
    rotate(dqkv, positions, table, -1.0f, N, H, K, D, R);
}
