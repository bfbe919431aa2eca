/* ops.h - everything that touches numbers, as one narrow set of operations.
 *
 * The decoder, the generator and the trainer are written in these alone; ops_*.c implement
 * them with oneDNN and OpenMP, and another device is another implementation of this file and of
 * sampler.h, which draws from logits.
 *
 * Tensors are f32, row-major, 64-byte aligned at their start. N is the number of packed tokens:
 * sequences lie one after the other without padding, and starts[0..n_seqs] says where each
 * begins (starts[n_seqs] == N). C d_model, H query heads, K key-value heads, D head_dim,
 * F d_ff, V vocabulary. `_backward` adds to gradients of parameters and overwrites gradients of
 * activations, unless said otherwise. The threads are OpenMP's of the calling thread; within a
 * parallel region an operation keeps to the thread that calls it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_OPS_H
#define LM_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"
#include "model/safetensors.h"

/* ---- products ---- */

/* What products keep between calls: kernels that were made for a shape, and rows on their way to
 * bf16. For the threads of one OpenMP team at a time. */
struct lm_products;
bool lm_products_create(struct lm_products **out, struct leti_error *err);
void lm_products_destroy(struct lm_products *);

/* From now on lm_linear gives a row the same bits whatever other rows there are and however many
 * threads, in f32: products are made of tiles of one size, so N is a multiple of 16. Slower. */
void lm_products_make_invariant(struct lm_products *);

/* LM_BF16 where the machine multiplies in bf16 faster than in f32, LM_F32 elsewhere. */
enum lm_dtype lm_precision_best(void);
/* "f32", "bf16", which is an error on a machine that does not multiply in it, or "auto", the best.
 */
bool lm_precision_choose(const char *name, enum lm_dtype *out, struct leti_error *err);

/* c[m][n] = beta c + a[m][k] b, beta 0 or 1, where b is [k][n], or [n][k] if b_transposed, and a
 * is [m][k], or [k][m] if a_transposed. In f32. Takes all threads, or, within a parallel region,
 * the one that calls, as all that follow do. */
bool lm_matmul(struct lm_products *, const float *a, bool a_transposed, const float *b,
               bool b_transposed, float *c, float beta, int64_t m, int64_t n, int64_t k,
               struct leti_error *err);

/* A weight [rows][columns] in the form that its products read. In f32 that is the parameter
 * itself, which must outlive it; in bf16 a copy, in the order in which it is read, that is as old
 * as the last lm_weight_set. Products in bf16 add up in f32. backward: lm_linear_backward will be
 * called. */
struct lm_weight;
bool lm_weight_create(int64_t rows, int64_t columns, enum lm_dtype precision, bool backward,
                      struct lm_weight **out, struct leti_error *err);
void lm_weight_set(struct lm_weight *, const float *params);
void lm_weight_destroy(struct lm_weight *);

/* Up to so many rows a weight is read at the pace of the memory, each row as quick as it can be. */
enum { LM_FEW_ROWS = 4 };

/* y [N][rows] = beta y + x [N][columns] w^T, beta 0 or 1. */
bool lm_linear(struct lm_products *, const struct lm_weight *w, const float *x, float *y,
               float beta, int64_t N, struct leti_error *err);

/* dx [N][columns] = dy [N][rows] w. */
bool lm_linear_backward(struct lm_products *, const struct lm_weight *w, const float *dy, float *dx,
                        int64_t N, struct leti_error *err);

/* The gradient of n_rows rows of a weight, from the first of dw on: dw [n_rows][columns] +=
 * dy [N][n_rows]^T x [N][columns], where a row of dy takes up dy_stride elements. */
bool lm_linear_gradient(struct lm_products *, enum lm_dtype precision, const float *dy,
                        int64_t dy_stride, const float *x, float *dw, int64_t n_rows,
                        int64_t columns, int64_t N, struct leti_error *err);

/* ---- embedding ---- */

/* out = scale times rows of the table. */
void lm_embed(const float *table, const int32_t *tokens, float scale, float *out, int64_t N,
              int64_t C);
/* out += rows of the table: learned positions. */
void lm_embed_add(const float *table, const int32_t *rows, float *out, int64_t N, int64_t C);
/* dtable += scale dout, each where it belongs: the way back of both. */
void lm_embed_backward(const float *dout, const int32_t *tokens, float scale, float *dtable,
                       int64_t N, int64_t C);

/* ---- RMSNorm: out = x / rms(x) * weight. rstd [N] is kept for the way back; may be NULL. ---- */

void lm_rmsnorm(const float *x, const float *weight, float eps, float *out, float *rstd, int64_t N,
                int64_t C);
/* Adds to dx: the residual's gradient is already there. */
void lm_rmsnorm_backward(const float *dout, const float *x, const float *weight, const float *rstd,
                         float *dx, int64_t N, int64_t C);
void lm_rmsnorm_weight_backward(const float *dout, const float *x, const float *rstd,
                                float *dweight, int64_t N, int64_t C);

/* ---- LayerNorm: out = (x - mean(x)) / deviation(x) * weight + bias. mean and rstd [N] are kept
 * for the way back; may be NULL. The bias goes back as lm_bias does. ---- */

void lm_layernorm(const float *x, const float *weight, const float *bias, float eps, float *out,
                  float *mean, float *rstd, int64_t N, int64_t C);
/* Adds to dx. */
void lm_layernorm_backward(const float *dout, const float *x, const float *weight,
                           const float *mean, const float *rstd, float *dx, int64_t N, int64_t C);
void lm_layernorm_weight_backward(const float *dout, const float *x, const float *mean,
                                  const float *rstd, float *dweight, int64_t N, int64_t C);

/* ---- RMSNorm of each head of q and k in qkv [N][(H + 2 K) D] -> out, which may be qkv; v stays
 * as it is. rstd [N][H + K], may be NULL ---- */

void lm_headnorm(const float *qkv, const float *q_weight, const float *k_weight, float eps,
                 float *out, float *rstd, int64_t N, int64_t H, int64_t K, int64_t D);
void lm_headnorm_backward(const float *dout, const float *qkv, const float *q_weight,
                          const float *k_weight, const float *rstd, float *dqkv, int64_t N,
                          int64_t H, int64_t K, int64_t D);
void lm_headnorm_weight_backward(const float *dout, const float *qkv, const float *rstd,
                                 float *dq_weight, float *dk_weight, int64_t N, int64_t H,
                                 int64_t K, int64_t D);

/* ---- bias: y [N][C] += bias ---- */

void lm_bias(float *y, const float *bias, int64_t N, int64_t C);
void lm_bias_backward(const float *dy, float *dbias, int64_t N, int64_t C);

/* ---- rotary positions, in place on the q and k parts of qkv [N][(H + 2 K) D]. The first R
 * elements of a head rotate, i with i + R/2 ---- */

/* table: [positions][R/2] pairs cos, sin, times amplitude, of position times frequency [R/2]. */
void lm_rope_table(const float *frequencies, float amplitude, int64_t positions, int64_t R,
                   float *table);
void lm_rope(float *qkv, const int32_t *positions, const float *table, int64_t N, int64_t H,
             int64_t K, int64_t D, int64_t R);
/* The transposed rotation, on gradients. */
void lm_rope_backward(float *dqkv, const int32_t *positions, const float *table, int64_t N,
                      int64_t H, int64_t K, int64_t D, int64_t R);

/* ---- causal attention over packed sequences ---- */

struct lm_heads {
    int64_t H, K, D;
    float scale;    /* of scores */
    int64_t window; /* positions that a query sees, its own included; 0: all before it */
};

/* qkv [N][(H + 2 K) D] -> out [N][H D]; lse [N][H] is the log-sum-exp of each row of scores,
 * kept for the way back. Never materialises T x T beyond a tile. The threads take sequences in
 * their order: the longest first keeps them busy to the end. */
void lm_attention(const float *qkv, const int32_t *starts, int32_t n_seqs, float *out, float *lse,
                  const struct lm_heads *);
void lm_attention_backward(const float *dout, const float *qkv, const float *out, const float *lse,
                           const int32_t *starts, int32_t n_seqs, float *dqkv,
                           const struct lm_heads *);

/* ---- attention to keys and values that stay from step to step ---- */

/* Keys and values of a sequence in one layer, in chunks of sixteen positions, `stride` elements
 * apart. A chunk holds, for each head of K, keys [D][16] and then values [16][D]: a vector takes
 * the scores of sixteen positions, and what a head reads lies together. There is room for whole
 * chunks; n positions are stored. */
enum { LM_CHUNK = 16 };
struct lm_kv {
    float *chunks;
    int64_t stride;
    int32_t n;
};

/* Stores the keys and values of packed sequences, qkv [N][(H + 2 K) D]: those of sequence i from
 * position kv[i].n on. */
void lm_kv_store(const float *qkv, const int32_t *starts, const struct lm_kv *kv, int32_t n_seqs,
                 int64_t H, int64_t K, int64_t D);

/* One step of decoding for B sequences, qkv [B][(H + 2 K) D] -> out [B][H D]: stores the key and
 * the value of row b at position own[b].n, and attends to all of shared[b], a prompt that others
 * may share, and to own[b].n + 1 positions of own[b]. Rows that share are best neighbours. */
void lm_attention_decode(const float *qkv, const struct lm_kv *shared, const struct lm_kv *own,
                         float *out, int64_t B, const struct lm_heads *);

/* ---- between the products of an MLP: gated, in [N][2 F] = gate, up and out = f(gate) up; plain,
 * in [N][F] and out = f(in) ---- */

enum lm_activation { LM_SILU, LM_GELU_TANH /* by tanh, "gelu_new" */, LM_GELU };

void lm_activate(enum lm_activation f, bool gated, const float *in, float *out, int64_t N,
                 int64_t F);
/* Also computes out again, which costs nothing here. */
void lm_activate_backward(enum lm_activation f, bool gated, const float *dout, const float *in,
                          float *out, float *din, int64_t N, int64_t F);

void lm_add(float *x, const float *y, size_t n); /* x += y */

/* ---- loss ---- */

/* Cross-entropy of logits [N][V] against targets [N]; a target < 0 is not counted. Returns the
 * sum of the counted tokens' losses, and turns the logits into their gradient times scale (scale 0:
 * leaves them as they are). Each counted token's log-probability is written to logprobs [N] (0
 * elsewhere) if it is not NULL. */
double lm_cross_entropy(float *logits, const int32_t *targets, float scale, float *logprobs,
                        int64_t N, int64_t V);

/* A penalty for leaving another model, whose distribution q is the softmax of `reference`. */
enum lm_divergence {
    LM_REVERSE_KL, /* KL(p || q), p the softmax of the logits in work */
    LM_FORWARD_KL, /* KL(q || p) */
};
struct lm_penalty {
    enum lm_divergence kind;
    float weight;
    const float *reference; /* [N][V] logits */
    const int32_t *held;    /* [N] 0: none here. Where no target is counted there is none either. */
};

/* The same with such a penalty: what the logits turn into is the gradient of scale times (losses +
 * weight times divergences). Returns the sum of the losses alone; *kl: that of the divergences. */
double lm_cross_entropy_held(float *logits, const int32_t *targets, float scale,
                             const struct lm_penalty *, double *kl, int64_t N, int64_t V);

/* ---- AdamW (Loshchilov and Hutter 2019), one tensor ---- */

struct lm_adamw {
    float lr, beta1, beta2, eps, weight_decay;
    int64_t step; /* 1 .. */
};
void lm_adamw_update(const struct lm_adamw *, float *params, const float *grad, float *m, float *v,
                     size_t n, bool decay);

#endif
