/* ops_decode.c - attention of one new position a sequence, over keys and values kept from before.
 *
 * There is one query a head and sequence, so this is no product of matrices; what counts is that
 * keys and values are read once, in whole vectors, and stay in the first cache while neighbours
 * that share a prompt need them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops.h"

#include <math.h>
#include <string.h>

#include "ops/ops_vector.h"

/* Compilers keep vectors of a fixed width in registers only where the machine's are that wide. */
#ifdef __x86_64__
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif
typedef float vec __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

enum {
    LANES = LM_CHUNK,
    VECTORS = LANES / WIDTH,
    CHUNKS = 16,    /* whose scores are held at once */
    NEIGHBOURS = 8, /* sequences that one task takes a head of */
};

/* ---- storing ---- */

LM_INLINE void store(const float *key, const float *value, const struct lm_kv *kv, int64_t position,
                     int64_t head, int64_t D)
{
    float *keys = kv->chunks + position / LANES * kv->stride + head * 2 * D * LANES;
    float *values = keys + D * LANES;
    int64_t place = position % LANES;
    for (int64_t d = 0; d < D; d++)
        keys[d * LANES + place] = key[d];
    memcpy(values + place * D, value, (size_t)D * sizeof *value);
}

void lm_kv_store(const float *qkv, const int32_t *starts, const struct lm_kv *kv, int32_t n_seqs,
                 int64_t H, int64_t K, int64_t D)
{
#pragma omp parallel for collapse(2) schedule(static)
    for (int32_t i = 0; i < n_seqs; i++)
        for (int64_t head = 0; head < K; head++)
            for (int32_t row = starts[i]; row < starts[i + 1]; row++) {
                const float *key = qkv + row * (H + 2 * K) * D + (H + head) * D;
                store(key, key + K * D, &kv[i], kv[i].n + row - starts[i], head, D);
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

/* Chunks whose scores are held at once: one head's part of each, how many positions are stored in
 * it, and what the query makes of them. */
struct tile {
    const float *chunks[CHUNKS];
    int64_t counts[CHUNKS];
    int64_t hidden[CHUNKS]; /* so many of them come before the query's window */
    float scores[CHUNKS][LANES] __attribute__((aligned(64)));
    int64_t n;
};

/* Two chunks at a time, and two sums for each vector of scores: every sum waits for its last
 * addition. */
LM_INLINE void score(struct tile *tile, const struct query *query, int64_t D)
{
    for (int64_t c = 0; c < tile->n; c += 2) {
        const float *keys[2] = { tile->chunks[c], tile->chunks[c + 1 < tile->n ? c + 1 : c] };
        vec sum[2][VECTORS][2] = { 0 };
        for (int64_t d = 0; d < D; d += 2)
            for (int odd = 0; odd < 2; odd++)
                for (int i = 0; i < 2; i++)
                    for (int w = 0; w < VECTORS; w++)
                        sum[i][w][odd] += query->q[d + odd] *
                                          *(const vec *)(keys[i] + (d + odd) * LANES + w * WIDTH);
        for (int i = 0; i < 2; i++)
            for (int w = 0; w < VECTORS; w++)
                *(vec *)(tile->scores[c + i] + w * WIDTH) =
                    (sum[i][w][0] + sum[i][w][1]) * query->scale;
    }
    for (int64_t c = 0; c < tile->n; c++) {
        for (int64_t j = 0; j < tile->hidden[c]; j++)
            tile->scores[c][j] = -INFINITY;
        for (int64_t j = tile->counts[c]; j < LANES; j++)
            tile->scores[c][j] = -INFINITY;
    }
}

LM_INLINE float highest(const struct tile *tile, float than)
{
    float top[LANES], result = than;
    for (int j = 0; j < LANES; j++)
        top[j] = than;
    for (int64_t c = 0; c < tile->n; c++)
        for (int j = 0; j < LANES; j++)
            top[j] = tile->scores[c][j] > top[j] ? tile->scores[c][j] : top[j];
#pragma omp simd reduction(max : result)
    for (int j = 0; j < LANES; j++)
        result = top[j] > result ? top[j] : result;
    return result;
}

/* Brings the query to the maximum with these scores, and turns them into weights. Returns what
 * the values so far are to be multiplied with. */
LM_INLINE float weigh(struct tile *tile, struct query *query)
{
    float top = highest(tile, query->max), sums[LANES] = { 0 }, rest = 0.0f;
    for (int64_t c = 0; c < tile->n; c++)
        for (int j = 0; j < LANES; j++) {
            tile->scores[c][j] = lm_exp(tile->scores[c][j] - top);
            sums[j] += tile->scores[c][j];
        }
#pragma omp simd reduction(+ : rest)
    for (int j = 0; j < LANES; j++)
        rest += sums[j];
    float factor = query->sum > 0.0f ? lm_exp(query->max - top) : 0.0f;
    query->sum = query->sum * factor + rest;
    query->max = top;
    return factor;
}

/* out[d .. d + wide * WIDTH), times factor, += what the weights make of the values; two sums at
 * a time. */
LM_INLINE void gather_vectors(int wide, const struct tile *tile, int64_t d, int64_t D, float factor,
                              float *out)
{
    vec sum[2][4] = { 0 };
    for (int64_t c = 0; c < tile->n; c++) {
        const float *values = tile->chunks[c] + D * LANES + d, *weights = tile->scores[c];
        int64_t j = 0;
        for (; j + 2 <= tile->counts[c]; j += 2)
            for (int i = 0; i < 2; i++)
                for (int w = 0; w < wide; w++)
                    sum[i][w] += weights[j + i] * *(const vec *)(values + (j + i) * D + w * WIDTH);
        if (j < tile->counts[c])
            for (int w = 0; w < wide; w++)
                sum[0][w] += weights[j] * *(const vec *)(values + j * D + w * WIDTH);
    }
    for (int w = 0; w < wide; w++)
        *(vec *)(out + d + w * WIDTH) =
            *(vec *)(out + d + w * WIDTH) * factor + (sum[0][w] + sum[1][w]);
}

/* Elements beyond the last whole vector. */
LM_INLINE void gather_rest(const struct tile *tile, int64_t d, int64_t D, float factor, float *out)
{
    for (int64_t i = d; i < D; i++)
        out[i] *= factor;
    for (int64_t c = 0; c < tile->n; c++)
        for (int64_t j = 0; j < tile->counts[c]; j++)
            for (int64_t i = d; i < D; i++)
                out[i] += tile->scores[c][j] * tile->chunks[c][D * LANES + j * D + i];
}

LM_INLINE void attend(struct tile *tile, struct query *query, int64_t D)
{
    score(tile, query, D);
    float factor = weigh(tile, query);
    int64_t d = 0;
    for (; d + 4 * WIDTH <= D; d += 4 * WIDTH)
        gather_vectors(4, tile, d, D, factor, query->out);
    for (; d + WIDTH <= D; d += WIDTH)
        gather_vectors(1, tile, d, D, factor, query->out);
    if (d < D)
        gather_rest(tile, d, D, factor, query->out);
}

/* Takes positions into the tile until it is full, from the chunk at `at` on, n in all, of which the
 * first `before` are not seen; returns where it came to. */
LM_INLINE int64_t fill(struct tile *tile, const struct lm_kv *kv, int64_t at, int64_t n,
                       int64_t before, int64_t head, int64_t D)
{
    for (; at < n && tile->n < CHUNKS; at += LANES, tile->n++) {
        tile->chunks[tile->n] = kv->chunks + at / LANES * kv->stride + head * 2 * D * LANES;
        tile->counts[tile->n] = n - at < LANES ? n - at : LANES;
        tile->hidden[tile->n] = before > at ? before - at : 0;
    }
    return at;
}

/* Positions of all that the query does not see. */
LM_INLINE int64_t not_seen(int64_t all, int64_t window)
{
    return window > 0 && all > window ? all - window : 0;
}

LM_INLINE void attend_all(struct query *query, const struct lm_kv *shared, const struct lm_kv *own,
                          int64_t window, int64_t head, int64_t D)
{
    struct tile tile;
    int64_t n_own = own->n + 1, before = not_seen(shared->n + n_own, window);
    int64_t before_own = before > shared->n ? before - shared->n : 0;
    int64_t in_shared = before / LANES * LANES, in_own = before_own / LANES * LANES;
    while (in_shared < shared->n || in_own < n_own) {
        tile.n = 0;
        in_shared = fill(&tile, shared, in_shared, shared->n, before, head, D);
        in_own = fill(&tile, own, in_own, n_own, before_own, head, D);
        attend(&tile, query, D);
    }
}

/* All queries of one key-value head, of the rows first .. end-1. */
LM_INLINE void attend_rows(const float *qkv, const struct lm_kv *shared, const struct lm_kv *own,
                           float *out, int64_t first, int64_t end, int64_t head,
                           const struct lm_heads *s, int64_t D)
{
    int64_t queries = s->H / s->K;
    for (int64_t b = first; b < end; b++) {
        const float *row = qkv + b * (s->H + 2 * s->K) * D;
        const float *key = row + (s->H + head) * D;
        store(key, key + s->K * D, &own[b], own[b].n, head, D);
        for (int64_t h = head * queries; h < (head + 1) * queries; h++) {
            struct query query = {
                .q = row + h * D,
                .out = out + (b * s->H + h) * D,
                .max = -INFINITY,
                .scale = s->scale,
            };
            memset(query.out, 0, (size_t)D * sizeof *out);
            attend_all(&query, &shared[b], &own[b], s->window, head, D);
            float inverse = 1.0f / query.sum;
            for (int64_t d = 0; d < D; d++)
                query.out[d] *= inverse;
        }
    }
}

/* The usual sizes of a head are compiled for themselves, which unrolls all loops over it. */
LM_VECTOR static void attend_head(const float *qkv, const struct lm_kv *shared,
                                  const struct lm_kv *own, float *out, int64_t first, int64_t end,
                                  int64_t head, const struct lm_heads *s)
{
    if (s->D == 32)
        attend_rows(qkv, shared, own, out, first, end, head, s, 32);
    else if (s->D == 64)
        attend_rows(qkv, shared, own, out, first, end, head, s, 64);
    else
        attend_rows(qkv, shared, own, out, first, end, head, s, s->D);
}

void lm_attention_decode(const float *qkv, const struct lm_kv *shared, const struct lm_kv *own,
                         float *out, int64_t B, const struct lm_heads *heads)
{
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int64_t b = 0; b < B; b += NEIGHBOURS)
        for (int64_t head = 0; head < heads->K; head++)
            attend_head(qkv, shared, own, out, b, b + NEIGHBOURS < B ? b + NEIGHBOURS : B, head,
                        heads);
}
