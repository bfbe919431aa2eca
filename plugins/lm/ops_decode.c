/* ops_decode.c - attention of one new position a sequence, over keys and values kept from before.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <math.h>
#include <string.h>

#include "ops_vector.h"

enum { KEYS = 64 };

/* The running softmax of one query. */
struct row {
    const float *q;
    float *out;
    float max, sum, scale;
};

LM_VECTOR static void scores(const struct row *row, const float *k, int64_t stride, int64_t n,
                             int64_t D, float *s)
{
    for (int64_t j = 0; j < n; j++) {
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int64_t d = 0; d < D; d++)
            sum += row->q[d] * k[j * stride + d];
        s[j] = sum * row->scale;
    }
}

/* Brings the row to the maximum with these scores, and turns them into weights. */
LM_VECTOR static void weigh(struct row *row, float *s, int64_t n, int64_t D)
{
    float top = row->max, rest = 0.0f;
#pragma omp simd reduction(max : top)
    for (int64_t j = 0; j < n; j++)
        top = s[j] > top ? s[j] : top;
#pragma omp simd reduction(+ : rest)
    for (int64_t j = 0; j < n; j++) {
        s[j] = lm_exp(s[j] - top);
        rest += s[j];
    }
    float factor = row->sum > 0.0f ? lm_exp(row->max - top) : 0.0f;
    for (int64_t d = 0; d < D; d++)
        row->out[d] *= factor;
    row->sum = row->sum * factor + rest;
    row->max = top;
}

LM_VECTOR static void gather(struct row *row, const float *s, const float *v, int64_t stride,
                             int64_t n, int64_t D)
{
    for (int64_t j = 0; j < n; j++)
        for (int64_t d = 0; d < D; d++)
            row->out[d] += s[j] * v[j * stride + d];
}

static void attend(struct row *row, const struct lm_kv_span *span, int64_t at, int64_t stride,
                   int64_t D)
{
    float s[KEYS];
    for (int64_t key = 0; key < span->n; key += KEYS) {
        int64_t n = key + KEYS < span->n ? KEYS : span->n - key;
        scores(row, span->k + key * stride + at, stride, n, D, s);
        weigh(row, s, n, D);
        gather(row, s, span->v + key * stride + at, stride, n, D);
    }
}

void lm_attention_decode(const float *q, int64_t q_stride, const struct lm_kv_span *shared,
                         const struct lm_kv_span *own, float *out, int64_t B, int64_t H, int64_t K,
                         int64_t D)
{
#pragma omp parallel for collapse(2) schedule(dynamic, 4)
    for (int64_t b = 0; b < B; b++)
        for (int64_t h = 0; h < H; h++) {
            struct row row = {
                .q = q + b * q_stride + h * D,
                .out = out + (b * H + h) * D,
                .max = -INFINITY,
                .scale = 1.0f / sqrtf((float)D),
            };
            memset(row.out, 0, (size_t)D * sizeof *out);
            int64_t at = h / (H / K) * D;
            attend(&row, &shared[b], at, K * D, D);
            attend(&row, &own[b], at, K * D, D);
            for (int64_t d = 0; d < D; d++)
                row.out[d] /= row.sum;
        }
}
