/* ops_loss.c - softmax cross-entropy and its gradient, in place on the logits.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <math.h>
#include <string.h>

#include "ops_vector.h"

/* sum_j e^(x_j - max) */
LM_VECTOR static float row_sum(const float *x, int64_t V, float *max)
{
    float top = lm_max(x, V), sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < V; j++)
        sum += lm_exp(x[j] - top);
    *max = top;
    return sum;
}

LM_VECTOR static void row_gradient(float *x, int64_t V, float max, float factor)
{
#pragma omp simd
    for (int64_t j = 0; j < V; j++)
        x[j] = lm_exp(x[j] - max) * factor;
}

static double row_loss(float *x, int32_t target, float scale, int64_t V)
{
    float max, sum = row_sum(x, V, &max);
    double loss = log((double)sum) + (double)max - (double)x[target];
    if (scale != 0.0f) {
        row_gradient(x, V, max, scale / sum);
        x[target] -= scale;
    }
    return loss;
}

/* The rows' losses are added in their order, so that the sum is the same in every run. */
double lm_cross_entropy(float *logits, const int32_t *targets, float scale, float *logprobs,
                        int64_t N, int64_t V)
{
    enum { ROWS = 512 };
    double total = 0.0;
    for (int64_t first = 0; first < N; first += ROWS) {
        int64_t end = first + ROWS < N ? first + ROWS : N;
        double losses[ROWS];
#pragma omp parallel for schedule(static)
        for (int64_t n = first; n < end; n++) {
            losses[n - first] = 0.0;
            if (targets[n] >= 0)
                losses[n - first] = row_loss(logits + n * V, targets[n], scale, V);
            else if (scale != 0.0f)
                memset(logits + n * V, 0, (size_t)V * sizeof *logits);
            if (logprobs)
                logprobs[n] = (float)-losses[n - first];
        }
        for (int64_t n = first; n < end; n++)
            total += losses[n - first];
    }
    return total;
}
