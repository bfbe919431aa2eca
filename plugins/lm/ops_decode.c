/* ops_decode.c - attention of one new position a sequence, over keys and values kept from before.
 *
 * There is one query a head and sequence, so this is no product of matrices; what counts is that
 * keys and values are read once, in whole vectors, and stay in the first cache while neighbours
 * that share a prompt need them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <math.h>
#include <string.h>

#include "ops_vector.h"

enum {
    LANES = LM_KEYS_ABREAST,
    TILE = 16 * LANES, /* positions whose scores are held at once */
    NEIGHBOURS = 8,    /* sequences that one task takes a head of */
};
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

struct shape {
    int64_t H, K, D;
};

/* ---- storing ---- */

static void store(const float *key, const float *value, const struct lm_kv *kv, int64_t position,
                  int64_t head, struct shape s)
{
    int64_t width = s.K * s.D, at = head * s.D;
    float *k = kv->k + (position / LANES * width + at) * LANES + position % LANES;
    for (int64_t d = 0; d < s.D; d++)
        k[d * LANES] = key[d];
    memcpy(kv->v + position * width + at, value, (size_t)s.D * sizeof *value);
}

void lm_kv_store(const float *qkv, const int32_t *starts, const struct lm_kv *kv, int32_t n_seqs,
                 int64_t H, int64_t K, int64_t D)
{
    struct shape s = { H, K, D };
#pragma omp parallel for collapse(2) schedule(static)
    for (int32_t i = 0; i < n_seqs; i++)
        for (int64_t head = 0; head < K; head++)
            for (int32_t row = starts[i]; row < starts[i + 1]; row++) {
                const float *key = qkv + row * (H + 2 * K) * D + (H + head) * D;
                store(key, key + K * D, &kv[i], kv[i].n + row - starts[i], head, s);
            }
}

/* ---- attending ---- */

/* The running softmax of one query: out is the weighted sum of values so far, whose weights are
 * relative to max and add up to sum. */
struct query {
    const float *q;
    float *out;
    float max, sum, scale;
};

/* out [blocks][LANES]. The last block's scores may contain any number beyond the positions that
 * are stored. */
LM_INLINE void scores(const struct query *query, const float *k, int64_t block_stride,
                      int64_t blocks, int64_t D, float *out)
{
    for (int64_t b = 0; b < blocks; b++, k += block_stride, out += LANES) {
        lanes even = { 0 }, odd = { 0 };
        for (int64_t d = 0; d < D; d += 2) {
            even += query->q[d] * *(const lanes *)(k + d * LANES);
            odd += query->q[d + 1] * *(const lanes *)(k + (d + 1) * LANES);
        }
        *(lanes *)out = (even + odd) * query->scale;
    }
}

/* Brings the query to the maximum with these n scores, and turns them into weights. */
LM_INLINE void weigh(struct query *query, float *s, int64_t n, int64_t D)
{
    float top = query->max, rest = 0.0f;
#pragma omp simd reduction(max : top)
    for (int64_t j = 0; j < n; j++)
        top = s[j] > top ? s[j] : top;
#pragma omp simd reduction(+ : rest)
    for (int64_t j = 0; j < n; j++) {
        s[j] = lm_exp(s[j] - top);
        rest += s[j];
    }
    float factor = query->sum > 0.0f ? lm_exp(query->max - top) : 0.0f;
    for (int64_t d = 0; d < D; d++)
        query->out[d] *= factor;
    query->sum = query->sum * factor + rest;
    query->max = top;
}

/* out[0..wide * LANES) += s[n] v[n][..]; four sums at a time, for each waits for its last. */
LM_INLINE void gather_lanes(int wide, const float *s, const float *v, int64_t stride, int64_t n,
                            float *out)
{
    lanes sum[4][2] = { 0 };
    int64_t j = 0;
    for (; j + 4 <= n; j += 4)
        for (int i = 0; i < 4; i++)
            for (int w = 0; w < wide; w++)
                sum[i][w] += s[j + i] * *(const lanes *)(v + (j + i) * stride + w * LANES);
    for (; j < n; j++)
        for (int w = 0; w < wide; w++)
            sum[0][w] += s[j] * *(const lanes *)(v + j * stride + w * LANES);
    for (int w = 0; w < wide; w++)
        *(lanes *)(out + w * LANES) += (sum[0][w] + sum[1][w]) + (sum[2][w] + sum[3][w]);
}

LM_INLINE void gather(const float *s, const float *v, int64_t stride, int64_t n, int64_t D,
                      float *out)
{
    int64_t d = 0;
    for (; d + 2 * LANES <= D; d += 2 * LANES)
        gather_lanes(2, s, v + d, stride, n, out + d);
    for (; d + LANES <= D; d += LANES)
        gather_lanes(1, s, v + d, stride, n, out + d);
    if (d < D)
        for (int64_t j = 0; j < n; j++)
            for (int64_t i = d; i < D; i++)
                out[i] += s[j] * v[j * stride + i];
}

LM_INLINE void attend(struct query *query, const struct lm_kv *kv, int64_t n, int64_t head,
                      struct shape shape)
{
    int64_t D = shape.D, width = shape.K * D;
    float s[TILE] __attribute__((aligned(64)));
    for (int64_t first = 0; first < n; first += TILE) {
        int64_t count = n - first < TILE ? n - first : TILE;
        scores(query, kv->k + first * width + head * D * LANES, width * LANES,
               (count + LANES - 1) / LANES, D, s);
        weigh(query, s, count, D);
        gather(s, kv->v + first * width + head * D, width, count, D, query->out);
    }
}

/* All queries of one key-value head, of the rows first .. end-1. */
LM_VECTOR static void attend_head(const float *qkv, const struct lm_kv *shared,
                                  const struct lm_kv *own, float *out, int64_t first, int64_t end,
                                  int64_t head, struct shape s)
{
    int64_t D = s.D, queries = s.H / s.K;
    for (int64_t b = first; b < end; b++) {
        const float *row = qkv + b * (s.H + 2 * s.K) * D;
        const float *key = row + (s.H + head) * D;
        store(key, key + s.K * D, &own[b], own[b].n, head, s);
        for (int64_t h = head * queries; h < (head + 1) * queries; h++) {
            struct query query = {
                .q = row + h * D,
                .out = out + (b * s.H + h) * D,
                .max = -INFINITY,
                .scale = 1.0f / sqrtf((float)D),
            };
            memset(query.out, 0, (size_t)D * sizeof *out);
            attend(&query, &shared[b], shared[b].n, head, s);
            attend(&query, &own[b], own[b].n + 1, head, s);
            float inverse = 1.0f / query.sum;
            for (int64_t d = 0; d < D; d++)
                query.out[d] *= inverse;
        }
    }
}

void lm_attention_decode(const float *qkv, const struct lm_kv *shared, const struct lm_kv *own,
                         float *out, int64_t B, int64_t H, int64_t K, int64_t D)
{
    struct shape s = { H, K, D };
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int64_t b = 0; b < B; b += NEIGHBOURS)
        for (int64_t head = 0; head < K; head++)
            attend_head(qkv, shared, own, out, b, b + NEIGHBOURS < B ? b + NEIGHBOURS : B, head, s);
}
