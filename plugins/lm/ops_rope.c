/* ops_rope.c - rotary positions (Su et al. 2021), as Llama has them in Hugging Face's files:
 * element i of a head rotates with element i + D/2.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <math.h>

#include "ops_vector.h"

void lm_rope_table(float theta, int64_t max_positions, int64_t D, float *table)
{
    for (int64_t position = 0; position < max_positions; position++)
        for (int64_t i = 0; i < D / 2; i++) {
            /* The frequency is rounded to f32, as it is where such models were trained. */
            float frequency = (float)(1.0 / pow((double)theta, 2.0 * (double)i / (double)D));
            float angle = (float)position * frequency;
            float *pair = table + 2 * (position * (D / 2) + i);
            pair[0] = (float)cos((double)angle);
            pair[1] = (float)sin((double)angle);
        }
}

/* Rotates `heads` heads that lie one after the other, by the angles or against them. */
LM_VECTOR static void rotate_row(float *x, const float *pairs, float sign, int64_t heads, int64_t D)
{
    int64_t half = D / 2;
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
                   int64_t H, int64_t K, int64_t D)
{
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < N; n++)
        rotate_row(qkv + n * (H + 2 * K) * D, table + positions[n] * D, sign, H + K, D);
}

void lm_rope(float *qkv, const int32_t *positions, const float *table, int64_t N, int64_t H,
             int64_t K, int64_t D)
{
    rotate(qkv, positions, table, 1.0f, N, H, K, D);
}

void lm_rope_backward(float *dqkv, const int32_t *positions, const float *table, int64_t N,
                      int64_t H, int64_t K, int64_t D)
{
    rotate(dqkv, positions, table, -1.0f, N, H, K, D);
}
