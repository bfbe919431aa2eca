/* ops_attention.c - causal attention over packed sequences, forward and backward.
 *
 * Tiles of queries meet tiles of keys with a running softmax (Milakov and Gimelshein 2018; Dao
 * et al. 2022), so that no T x T matrix exists. The way back computes the probabilities again
 * from the log-sum-exp of each row. One (sequence, key-value head) is one thread's work from
 * beginning to end, which makes every sum's order the same in every run.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <math.h>
#include <string.h>

#include "ops_tile.h"
#include "ops_vector.h"

enum { QUERIES = 32, KEYS = LM_TILE_KEYS, SLAB = 64, LANES = 16 };

/* One head of one sequence: rows of `stride` floats. */
struct head {
    const float *q, *k, *v;
    int64_t stride, T, D;
    float scale;
};

/* The tile of queries from `query` on against the keys from `key` on. */
struct place {
    int64_t query, rows; /* first query, their number */
    int64_t key, keys;   /* first key, number that the last query may see */
    int64_t columns;     /* keys, rounded up to whole vectors */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct place place_at(const struct head *head, int64_t query, int64_t key)
{
    struct place place = { .query = query, .rows = least(QUERIES, head->T - query), .key = key };
    place.keys = least(KEYS, query + place.rows - key);
    place.columns = (place.keys + LANES - 1) / LANES * LANES;
    return place;
}

/* s[QUERIES][KEYS] = a[rows][D] b[keys][D]^T, through slabs of the transpose of b. */
static void products(const struct place *place, const float *a, int64_t a_stride, const float *b,
                     int64_t b_stride, int64_t D, float *s)
{
    float transpose[SLAB * KEYS];
    memset(s, 0, sizeof *s * QUERIES * KEYS);
    for (int64_t d = 0; d < D; d += SLAB) {
        int64_t depth = least(SLAB, D - d);
        lm_tile_transpose(b + d, b_stride, transpose, place->keys, depth);
        lm_tile_product((struct lm_tile){ a + d, a_stride, 1 }, transpose, KEYS, s, KEYS,
                        place->rows, place->columns, depth);
    }
}

/* ---- forward ---- */

/* Turns a row of products into e^(scale x - max), zero from `keys` on; the running maximum and sum
 * follow. Returns the factor that brings what was summed before to the new maximum. */
LM_VECTOR static float softmax_row(float *s, int64_t keys, int64_t columns, float scale, float *max,
                                   float *sum)
{
    float top = *max, rest = 0.0f;
#pragma omp simd reduction(max : top)
    for (int64_t j = 0; j < keys; j++) {
        float x = s[j] * scale;
        top = x > top ? x : top;
    }
#pragma omp simd reduction(+ : rest)
    for (int64_t j = 0; j < columns; j++) {
        float x = j < keys ? lm_exp(s[j] * scale - top) : 0.0f;
        s[j] = x;
        rest += x;
    }
    float factor = *sum > 0.0f ? lm_exp(*max - top) : 0.0f;
    *sum = *sum * factor + rest;
    *max = top;
    return factor;
}

LM_VECTOR static void scale_row(float *x, float factor, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] *= factor;
}

static void attend(const struct head *head, int64_t query, float *out, int64_t out_stride,
                   float *lse, int64_t lse_stride)
{
    float s[QUERIES * KEYS], max[QUERIES], sum[QUERIES] = { 0 };
    int64_t rows = least(QUERIES, head->T - query);
    for (int64_t i = 0; i < rows; i++) {
        max[i] = -INFINITY;
        memset(out + i * out_stride, 0, (size_t)head->D * sizeof *out);
    }
    for (int64_t key = 0; key < query + rows; key += KEYS) {
        struct place place = place_at(head, query, key);
        products(&place, head->q + query * head->stride, head->stride, head->k + key * head->stride,
                 head->stride, head->D, s);
        for (int64_t i = 0; i < rows; i++) {
            int64_t keys = least(KEYS, query + i + 1 - key);
            float factor =
                softmax_row(s + i * KEYS, keys, place.columns, head->scale, &max[i], &sum[i]);
            if (factor != 1.0f)
                scale_row(out + i * out_stride, factor, head->D);
        }
        lm_tile_product((struct lm_tile){ s, KEYS, 1 }, head->v + key * head->stride, head->stride,
                        out, out_stride, rows, head->D, place.keys);
    }
    for (int64_t i = 0; i < rows; i++) {
        scale_row(out + i * out_stride, 1.0f / sum[i], head->D);
        lse[i * lse_stride] = max[i] + logf(sum[i]);
    }
}

static struct head head_of(const float *qkv, int64_t first, int64_t T, int64_t h, int64_t H,
                           int64_t K, int64_t D)
{
    int64_t stride = (H + 2 * K) * D, kv = h / (H / K);
    const float *row = qkv + first * stride;
    return (struct head){
        .q = row + h * D,
        .k = row + (H + kv) * D,
        .v = row + (H + K + kv) * D,
        .stride = stride,
        .T = T,
        .D = D,
        .scale = 1.0f / sqrtf((float)D),
    };
}

void lm_attention(const float *qkv, const int32_t *starts, int32_t n_seqs, float *out, float *lse,
                  int64_t H, int64_t K, int64_t D)
{
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int32_t i = 0; i < n_seqs; i++)
        for (int64_t h = 0; h < H; h++) {
            int64_t first = starts[i], T = starts[i + 1] - first;
            struct head head = head_of(qkv, first, T, h, H, K, D);
            for (int64_t query = 0; query < T; query += QUERIES)
                attend(&head, query, out + (first + query) * H * D + h * D, H * D,
                       lse + (first + query) * H + h, H);
        }
}

/* ---- backward ---- */

/* p = e^(scale s - lse); what the causal mask hides is zero. */
LM_VECTOR static void probabilities(float *p, int64_t keys, int64_t columns, float scale, float lse)
{
#pragma omp simd
    for (int64_t j = 0; j < columns; j++)
        p[j] = j < keys ? lm_exp(p[j] * scale - lse) : 0.0f;
}

/* ds = scale p (dp - delta). */
LM_VECTOR static void score_gradients(float *dp, const float *p, int64_t columns, float scale,
                                      float delta)
{
    for (int64_t j = 0; j < columns; j++)
        dp[j] = scale * p[j] * (dp[j] - delta);
}

LM_VECTOR static float dot(const float *a, const float *b, int64_t n)
{
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The gradients of one head, laid out as the head is. */
struct head_gradient {
    const float *dout, *out, *lse;
    int64_t out_stride, lse_stride;
    float *dq, *dk, *dv;
};

static void attend_backward(const struct head *head, const struct head_gradient *gradient,
                            const struct place *place)
{
    float p[QUERIES * KEYS], ds[QUERIES * KEYS];
    const float *q = head->q + place->query * head->stride;
    const float *k = head->k + place->key * head->stride;
    const float *dout = gradient->dout + place->query * gradient->out_stride;
    const float *out = gradient->out + place->query * gradient->out_stride;

    products(place, q, head->stride, k, head->stride, head->D, p);
    products(place, dout, gradient->out_stride, head->v + place->key * head->stride, head->stride,
             head->D, ds);
    for (int64_t i = 0; i < place->rows; i++) {
        int64_t keys = least(KEYS, place->query + i + 1 - place->key);
        float delta = dot(dout + i * gradient->out_stride, out + i * gradient->out_stride, head->D);
        probabilities(p + i * KEYS, keys, place->columns, head->scale,
                      gradient->lse[(place->query + i) * gradient->lse_stride]);
        score_gradients(ds + i * KEYS, p + i * KEYS, place->columns, head->scale, delta);
    }
    lm_tile_product((struct lm_tile){ ds, KEYS, 1 }, k, head->stride,
                    gradient->dq + place->query * head->stride, head->stride, place->rows, head->D,
                    place->keys);
    lm_tile_product((struct lm_tile){ ds, 1, KEYS }, q, head->stride,
                    gradient->dk + place->key * head->stride, head->stride, place->keys, head->D,
                    place->rows);
    lm_tile_product((struct lm_tile){ p, 1, KEYS }, dout, gradient->out_stride,
                    gradient->dv + place->key * head->stride, head->stride, place->keys, head->D,
                    place->rows);
}

void lm_attention_backward(const float *dout, const float *qkv, const float *out, const float *lse,
                           const int32_t *starts, int32_t n_seqs, float *dqkv, int64_t H, int64_t K,
                           int64_t D)
{
    int64_t stride = (H + 2 * K) * D, group = H / K;
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int32_t i = 0; i < n_seqs; i++)
        for (int64_t kv = 0; kv < K; kv++) {
            int64_t first = starts[i], T = starts[i + 1] - first;
            float *drow = dqkv + first * stride;
            for (int64_t t = 0; t < T; t++) {
                memset(drow + t * stride + kv * group * D, 0, (size_t)(group * D) * sizeof *drow);
                memset(drow + t * stride + (H + kv) * D, 0, (size_t)D * sizeof *drow);
                memset(drow + t * stride + (H + K + kv) * D, 0, (size_t)D * sizeof *drow);
            }
            for (int64_t h = kv * group; h < (kv + 1) * group; h++) {
                struct head head = head_of(qkv, first, T, h, H, K, D);
                struct head_gradient gradient = {
                    .dout = dout + first * H * D + h * D,
                    .out = out + first * H * D + h * D,
                    .lse = lse + first * H + h,
                    .out_stride = H * D,
                    .lse_stride = H,
                    .dq = drow + h * D,
                    .dk = drow + (H + kv) * D,
                    .dv = drow + (H + K + kv) * D,
                };
                for (int64_t key = 0; key < T; key += KEYS)
                    for (int64_t query = key / QUERIES * QUERIES; query < T; query += QUERIES) {
                        struct place place = place_at(&head, query, key);
                        attend_backward(&head, &gradient, &place);
                    }
            }
        }
}
