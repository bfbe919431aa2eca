/* ops_attention.c - causal attention over packed sequences, forward and backward.
 *
 * Tiles of queries meet tiles of keys with a running softmax (Milakov and Gimelshein 2018; Dao
 * et al. 2022), so that no T x T matrix exists. The way back computes the probabilities again
 * from the log-sum-exp of each row. A tile of scores lies transposed, [key][query]: a vector holds
 * one key's scores with many queries, and the softmax works on all of them side by side.
 *
 * One (sequence, key-value head) is one thread's work from beginning to end, which makes every
 * sum's order the same in every run.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops.h"

#include <math.h>
#include <string.h>

#include "ops/ops_tile.h"
#include "ops/ops_vector.h"

enum { QUERIES = LM_TILE_LANES, KEYS = 32, SLAB = 128, LANES = 16 };

/* One head of one sequence: rows of `stride` floats. */
struct head {
    const float *q, *k, *v;
    int64_t stride, T, D;
    float scale;
    int64_t window; /* 0: none */
};

/* A tile of queries, transposed a slab of the head at a time. A head of one slab is transposed for
 * the first tile of keys and stays. */
struct lanes {
    const float *x; /* [rows][D] */
    int64_t stride, rows, D;
    float slab[SLAB * QUERIES];
};

/* The tile of keys that it meets. */
struct keys {
    int64_t first, n; /* of the sequence's positions */
    int64_t hidden;   /* the first key lies this many positions after the first query */
    int64_t from, to; /* queries that see any of them, in whole vectors */
    bool fresh;       /* the first that the queries meet */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The first key that any query from this one on sees, in whole tiles. */
static int64_t first_key(const struct head *head, int64_t query)
{
    int64_t key = head->window > 0 ? query - head->window + 1 : 0;
    return key > 0 ? key / KEYS * KEYS : 0;
}

static struct keys keys_at(const struct head *head, int64_t query, int64_t rows, int64_t key)
{
    struct keys keys = { .first = key,
                         .n = least(KEYS, query + rows - key),
                         .hidden = key - query,
                         .fresh = key == first_key(head, query) };
    keys.from = keys.hidden > 0 ? keys.hidden / LANES * LANES : 0;
    keys.to = (rows + LANES - 1) / LANES * LANES;
    return keys;
}

/* The slab is filled later: most of a large one is never used. */
static void lay_out(struct lanes *lanes, const float *x, int64_t stride, int64_t rows, int64_t D)
{
    lanes->x = x;
    lanes->stride = stride;
    lanes->rows = rows;
    lanes->D = D;
}

/* s[key][query] = rows of b by the tile of queries. */
static void products(const struct keys *keys, struct lanes *lanes, const float *b, int64_t stride,
                     float *s)
{
    for (int64_t d = 0; d < lanes->D; d += SLAB) {
        int64_t depth = least(SLAB, lanes->D - d);
        if (keys->fresh || lanes->D > SLAB)
            lm_tile_transpose(lanes->x + d, lanes->stride, lanes->slab, lanes->rows, depth);
        lm_tile_product((struct lm_tile){ b + keys->first * stride + d, stride, 1 },
                        lanes->slab + keys->from, QUERIES, s + keys->from, QUERIES, keys->n,
                        keys->to - keys->from, depth, d > 0);
    }
}

/* What a query must not see: keys after it, and before its window. A query may meet whole tiles of
 * the latter first; a finite score keeps its running maximum a number, and what they add up to is
 * forgotten when it meets a key that it sees. */
static void hide(const struct head *head, const struct keys *keys, float *s)
{
    for (int64_t k = 0; k < keys->n; k++)
        for (int64_t q = keys->from; q < keys->hidden + k && q < keys->to; q++)
            s[k * QUERIES + q] = -INFINITY;
    if (head->window == 0 || keys->to - keys->hidden <= head->window)
        return;
    for (int64_t k = 0; k < keys->n; k++) {
        int64_t q = keys->hidden + k + head->window;
        for (q = q > keys->from ? q : keys->from; q < keys->to; q++)
            s[k * QUERIES + q] = -1e30f;
    }
}

/* ---- forward ---- */

/* The running softmax of a tile of queries. */
struct softmax {
    float max[QUERIES], sum[QUERIES];
    float factor[QUERIES]; /* brings what was summed before to the new maximum */
};

/* Turns products into e^(scale x - max), with the maximum up to these keys. */
LM_VECTOR static void soften(struct softmax *softmax, const struct keys *keys, float scale,
                             float *s)
{
    for (int64_t q = keys->from; q < keys->to; q += LANES) {
        float top[LANES], sum[LANES];
#pragma omp simd
        for (int i = 0; i < LANES; i++)
            top[i] = softmax->max[q + i];
        for (int64_t k = 0; k < keys->n; k++)
#pragma omp simd
            for (int i = 0; i < LANES; i++) {
                float x = s[k * QUERIES + q + i] * scale;
                top[i] = x > top[i] ? x : top[i];
            }
#pragma omp simd
        for (int i = 0; i < LANES; i++) {
            softmax->factor[q + i] = lm_exp(softmax->max[q + i] - top[i]);
            softmax->max[q + i] = top[i];
            sum[i] = softmax->sum[q + i] * softmax->factor[q + i];
        }
        for (int64_t k = 0; k < keys->n; k++)
#pragma omp simd
            for (int i = 0; i < LANES; i++) {
                float p = lm_exp(s[k * QUERIES + q + i] * scale - top[i]);
                s[k * QUERIES + q + i] = p;
                sum[i] += p;
            }
        for (int i = 0; i < LANES; i++)
            softmax->sum[q + i] = sum[i];
    }
}

LM_VECTOR static void scale_rows(float *x, int64_t stride, const float *factors, int64_t rows,
                                 int64_t n)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < n; j++)
            x[i * stride + j] *= factors[i];
}

static void attend(const struct head *head, int64_t query, float *out, int64_t out_stride,
                   float *lse, int64_t lse_stride)
{
    int64_t rows = least(QUERIES, head->T - query), D = head->D;
    struct softmax softmax = { .sum = { 0 } };
    struct lanes lanes;
    float s[KEYS * QUERIES];
    lay_out(&lanes, head->q + query * head->stride, head->stride, rows, D);
    for (int64_t i = 0; i < QUERIES; i++)
        softmax.max[i] = -INFINITY;

    for (int64_t key = first_key(head, query); key < query + rows; key += KEYS) {
        struct keys keys = keys_at(head, query, rows, key);
        float *seeing = out + keys.from * out_stride;
        products(&keys, &lanes, head->k, head->stride, s);
        hide(head, &keys, s);
        soften(&softmax, &keys, head->scale, s);
        if (!keys.fresh)
            scale_rows(seeing, out_stride, softmax.factor + keys.from, rows - keys.from, D);
        lm_tile_product((struct lm_tile){ s + keys.from, 1, QUERIES }, head->v + key * head->stride,
                        head->stride, seeing, out_stride, rows - keys.from, D, keys.n, !keys.fresh);
    }
    for (int64_t i = 0; i < rows; i++) {
        softmax.factor[i] = 1.0f / softmax.sum[i];
        lse[i * lse_stride] = softmax.max[i] + logf(softmax.sum[i]);
    }
    scale_rows(out, out_stride, softmax.factor, rows, D);
}

static struct head head_of(const float *qkv, int64_t first, int64_t T, int64_t h,
                           const struct lm_heads *heads)
{
    int64_t H = heads->H, K = heads->K, D = heads->D;
    int64_t stride = (H + 2 * K) * D, kv = h / (H / K);
    const float *row = qkv + first * stride;
    return (struct head){
        .q = row + h * D,
        .k = row + (H + kv) * D,
        .v = row + (H + K + kv) * D,
        .stride = stride,
        .T = T,
        .D = D,
        .scale = heads->scale,
        .window = heads->window,
    };
}

void lm_attention(const float *qkv, const int32_t *starts, int32_t n_seqs, float *out, float *lse,
                  const struct lm_heads *heads)
{
    int64_t H = heads->H, D = heads->D;
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int32_t i = 0; i < n_seqs; i++)
        for (int64_t h = 0; h < H; h++) {
            int64_t first = starts[i], T = starts[i + 1] - first;
            struct head head = head_of(qkv, first, T, h, heads);
            for (int64_t query = 0; query < T; query += QUERIES)
                attend(&head, query, out + (first + query) * H * D + h * D, H * D,
                       lse + (first + query) * H + h, H);
        }
}

/* ---- backward ---- */

/* The gradients of one head, laid out as the head is. */
struct head_gradient {
    const float *dout, *out, *lse;
    int64_t out_stride, lse_stride;
    float *dq, *dk, *dv;
};

/* Of each query of a tile: its log-sum-exp, and dout . out. */
struct rows {
    float lse[QUERIES], delta[QUERIES];
};

LM_VECTOR static float dot(const float *a, const float *b, int64_t n)
{
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* From products with the keys and of dout with the values: p = e^(scale s - lse), and
 * ds = scale p (dp - delta) in the place of dp. */
LM_VECTOR static void harden(const struct rows *rows, const struct keys *keys, float scale,
                             float *s, float *dp)
{
    for (int64_t k = 0; k < keys->n; k++)
#pragma omp simd
        for (int64_t q = keys->from; q < keys->to; q++) {
            float p = lm_exp(s[k * QUERIES + q] * scale - rows->lse[q]);
            s[k * QUERIES + q] = p;
            dp[k * QUERIES + q] = scale * p * (dp[k * QUERIES + q] - rows->delta[q]);
        }
}

static void attend_backward(const struct head *head, const struct head_gradient *g, int64_t query)
{
    int64_t n = least(QUERIES, head->T - query), D = head->D, stride = head->stride;
    const float *q = head->q + query * stride, *dout = g->dout + query * g->out_stride;
    const float *out = g->out + query * g->out_stride;
    struct lanes queries, douts;
    struct rows rows = { .lse = { 0 } };
    float p[KEYS * QUERIES], ds[KEYS * QUERIES];
    lay_out(&queries, q, stride, n, D);
    lay_out(&douts, dout, g->out_stride, n, D);
    for (int64_t i = 0; i < n; i++) {
        rows.lse[i] = g->lse[(query + i) * g->lse_stride];
        rows.delta[i] = dot(dout + i * g->out_stride, out + i * g->out_stride, D);
    }

    for (int64_t key = first_key(head, query); key < query + n; key += KEYS) {
        struct keys keys = keys_at(head, query, n, key);
        int64_t from = keys.from;
        products(&keys, &queries, head->k, stride, p);
        products(&keys, &douts, head->v, stride, ds);
        hide(head, &keys, p);
        harden(&rows, &keys, head->scale, p, ds);
        lm_tile_product((struct lm_tile){ ds + from, 1, QUERIES }, head->k + key * stride, stride,
                        g->dq + (query + from) * stride, stride, n - from, D, keys.n, !keys.fresh);
        lm_tile_product((struct lm_tile){ ds + from, QUERIES, 1 }, q + from * stride, stride,
                        g->dk + key * stride, stride, keys.n, D, n - from, true);
        lm_tile_product((struct lm_tile){ p + from, QUERIES, 1 }, dout + from * g->out_stride,
                        g->out_stride, g->dv + key * stride, stride, keys.n, D, n - from, true);
    }
}

/* dk and dv of one key-value head add up over queries and heads; n rows of dqkv from drow on. */
static void zero_gradient(float *drow, int64_t n, int64_t kv, int64_t H, int64_t K, int64_t D)
{
    for (int64_t t = 0; t < n; t++, drow += (H + 2 * K) * D) {
        memset(drow + (H + kv) * D, 0, (size_t)D * sizeof *drow);
        memset(drow + (H + K + kv) * D, 0, (size_t)D * sizeof *drow);
    }
}

void lm_attention_backward(const float *dout, const float *qkv, const float *out, const float *lse,
                           const int32_t *starts, int32_t n_seqs, float *dqkv,
                           const struct lm_heads *heads)
{
    int64_t H = heads->H, K = heads->K, D = heads->D;
    int64_t stride = (H + 2 * K) * D, group = H / K;
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int32_t i = 0; i < n_seqs; i++)
        for (int64_t kv = 0; kv < K; kv++) {
            int64_t first = starts[i], T = starts[i + 1] - first;
            float *drow = dqkv + first * stride;
            zero_gradient(drow, T, kv, H, K, D);
            for (int64_t h = kv * group; h < (kv + 1) * group; h++) {
                struct head head = head_of(qkv, first, T, h, heads);
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
                for (int64_t query = 0; query < T; query += QUERIES)
                    attend_backward(&head, &gradient, query);
            }
        }
}
