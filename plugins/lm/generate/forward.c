/* forward.c - both passes are the same layer around another kind of attention.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "generate/forward.h"

#include <stdlib.h>
#include <string.h>

#include "ops/buffer.h"
#include "ops/ops.h"

struct lm_forward {
    const struct lm_model *model;
    const struct lm_weights *weights;
    struct lm_products *products;
    struct lm_kv_cache *cache;
    int32_t max_rows; /* whole multiples of LM_ROWS */
    /* rows [max_rows] of: */
    float *x;       /* [C] the residual stream */
    float *normed;  /* [C] */
    float *qkv;     /* [(H + 2 K) D] */
    float *mixed;   /* [H D] what attention gives */
    float *lse;     /* [H] */
    float *gate_up; /* [mlp_width] */
    float *branch;  /* [C] what is normed before it is added */
    float *act;     /* [F] */
    int32_t *tokens, *positions, *starts;
    struct lm_kv *shared, *own;
    float *rope[2]; /* [max_positions][R/2] pairs: of layers without and with a window */
};

static bool alloc_buffers(struct lm_forward *f, int32_t max_positions, struct leti_error *err)
{
    const struct lm_config *c = &f->model->config;
    size_t rows = (size_t)f->max_rows, C = (size_t)c->d_model, F = (size_t)c->d_ff;
    size_t H = (size_t)c->n_heads, K = (size_t)c->n_kv_heads, D = (size_t)c->head_dim;
    return lm_buffer(rows, C * sizeof(float), &f->x, err) &&
           lm_buffer(rows, C * sizeof(float), &f->normed, err) &&
           lm_buffer(rows, (H + 2 * K) * D * sizeof(float), &f->qkv, err) &&
           lm_buffer(rows, H * D * sizeof(float), &f->mixed, err) &&
           lm_buffer(rows, H * sizeof(float), &f->lse, err) &&
           lm_buffer(rows, (size_t)lm_config_mlp_width(c) * sizeof(float), &f->gate_up, err) &&
           lm_buffer(rows, C * sizeof(float), &f->branch, err) &&
           lm_buffer(rows, F * sizeof(float), &f->act, err) &&
           lm_buffer(rows, sizeof(int32_t), &f->tokens, err) &&
           lm_buffer(rows, sizeof(int32_t), &f->positions, err) &&
           lm_buffer(rows + 1, sizeof(int32_t), &f->starts, err) &&
           lm_buffer(rows, sizeof(struct lm_kv), &f->shared, err) &&
           lm_buffer(rows, sizeof(struct lm_kv), &f->own, err) &&
           lm_buffer((size_t)max_positions, D * sizeof(float), &f->rope[0], err) &&
           lm_buffer((size_t)max_positions, D * sizeof(float), &f->rope[1], err);
}

/* Rows that products are made of for n: see LM_ROWS. A few are read for by themselves; in bf16 more
 * are taken in steps, so that kernels are made for some numbers of them only. */
static int32_t padded(const struct lm_forward *f, int32_t n)
{
    enum { STEP = 4 };
    if (n <= LM_FEW_ROWS && !f->model->batch_invariant)
        return n;
    return f->weights->precision == LM_BF16 ? (n + STEP - 1) / STEP * STEP : lm_rows(n);
}

bool lm_forward_create(const struct lm_model *model, const struct lm_weights *weights,
                       struct lm_products *products, struct lm_kv_cache *cache,
                       int32_t max_positions, int32_t max_rows, struct lm_forward **out,
                       struct leti_error *err)
{
    struct lm_forward *f = calloc(1, sizeof *f);
    if (!f)
        return leti_error_set(err, "out of memory");
    f->model = model;
    f->weights = weights;
    f->products = products;
    f->cache = cache;
    f->max_rows = lm_rows(max_rows);
    if (!alloc_buffers(f, max_positions, err)) {
        lm_forward_destroy(f);
        return false;
    }
    lm_config_rope_table(&model->config, false, max_positions, f->rope[0]);
    if (model->config.window > 0)
        lm_config_rope_table(&model->config, true, max_positions, f->rope[1]);
    *out = f;
    return true;
}

void lm_forward_destroy(struct lm_forward *f)
{
    if (!f)
        return;
    free(f->x);
    free(f->normed);
    free(f->qkv);
    free(f->mixed);
    free(f->lse);
    free(f->gate_up);
    free(f->act);
    free(f->tokens);
    free(f->positions);
    free(f->starts);
    free(f->shared);
    free(f->own);
    free(f->branch);
    free(f->rope[0]);
    free(f->rope[1]);
    free(f);
}

/* out [n][rows of w] = in [n][cols of w] w^T + bias, on top of what is there if beta is 1. */
static bool product(struct lm_forward *f, const float *in, const struct lm_weight *w, size_t bias,
                    float *out, float beta, int32_t n, int64_t rows, struct leti_error *err)
{
    if (!lm_linear(f->products, w, in, out, beta, n, err))
        return false;
    if (bias != LM_NONE)
        lm_bias(out, f->model->params + bias, n, rows);
    return true;
}

static void norm(struct lm_forward *f, const float *x, size_t weight, size_t bias, int32_t n)
{
    const struct lm_config *c = &f->model->config;
    const float *params = f->model->params;
    if (bias == LM_NONE)
        lm_rmsnorm(x, params + weight, c->norm_eps, f->normed, NULL, n, c->d_model);
    else
        lm_layernorm(x, params + weight, params + bias, c->norm_eps, f->normed, NULL, NULL, n,
                     c->d_model);
}

/* x += in w^T + bias, or the norm of that. */
static bool add_branch(struct lm_forward *f, const float *in, const struct lm_weight *w,
                       size_t bias, size_t post_norm, int32_t n, struct leti_error *err)
{
    int32_t C = f->model->config.d_model;
    if (post_norm == LM_NONE)
        return product(f, in, w, bias, f->x, 1, n, C, err);
    if (!product(f, in, w, bias, f->branch, 0, n, C, err))
        return false;
    norm(f, f->branch, post_norm, LM_NONE, n);
    lm_add(f->x, f->normed, (size_t)n * (size_t)C);
    return true;
}

/* The padding rows are computed with, so they must be numbers: token 0, to which attention, that
 * does not see them, adds nothing. */
static void embed(struct lm_forward *f, int32_t n)
{
    const struct lm_model *m = f->model;
    int32_t rows = padded(f, n), C = m->config.d_model;
    size_t width = (size_t)m->config.n_heads * (size_t)m->config.head_dim;
    for (int32_t i = n; i < rows; i++) {
        f->tokens[i] = f->positions[i] = 0;
        memset(f->mixed + (size_t)i * width, 0, width * sizeof *f->mixed);
    }
    lm_embed(m->params + m->embedding, f->tokens, lm_config_embedding_scale(&m->config), f->x, rows,
             C);
    if (m->positions != LM_NONE)
        lm_embed_add(m->params + m->positions, f->positions, f->x, rows, C);
}

/* x -> qkv, rotated; leaves the norm of x for an MLP that is parallel. */
static bool layer_begin(struct lm_forward *f, int32_t l, int32_t n, struct leti_error *err)
{
    const struct lm_layer *layer = &f->model->layers[l];
    const struct lm_config *c = &f->model->config;
    const float *params = f->model->params;
    int32_t H = c->n_heads, K = c->n_kv_heads, D = c->head_dim, R = lm_config_rotary_dim(c);
    norm(f, f->x, layer->attn_norm, layer->attn_norm_bias, padded(f, n));
    if (!product(f, f->normed, f->weights->layers[l].wqkv, layer->wqkv_bias, f->qkv, 0,
                 padded(f, n), (H + 2 * K) * D, err))
        return false;
    if (layer->q_norm != LM_NONE)
        lm_headnorm(f->qkv, params + layer->q_norm, params + layer->k_norm, c->norm_eps, f->qkv,
                    NULL, n, H, K, D);
    if (R > 0)
        lm_rope(f->qkv, f->positions, f->rope[lm_config_slides(c, l)], n, H, K, D, R);
    return true;
}

/* normed -> act */
static bool layer_activate(struct lm_forward *f, int32_t l, int32_t rows, struct leti_error *err)
{
    const struct lm_config *c = &f->model->config;
    if (!product(f, f->normed, f->weights->layers[l].w_gate_up, f->model->layers[l].w_gate_up_bias,
                 f->gate_up, 0, rows, lm_config_mlp_width(c), err))
        return false;
    lm_activate(c->activation, !c->plain_mlp, f->gate_up, f->act, rows, c->d_ff);
    return true;
}

/* mixed -> x, and the MLP */
static bool layer_end(struct lm_forward *f, int32_t l, int32_t n, struct leti_error *err)
{
    const struct lm_layer *layer = &f->model->layers[l];
    const struct lm_layer_weights *weights = &f->weights->layers[l];
    bool parallel = layer->mlp_norm == LM_NONE;
    int32_t rows = padded(f, n);
    if (parallel && !layer_activate(f, l, rows, err))
        return false;
    if (!add_branch(f, f->mixed, weights->wo, layer->wo_bias, layer->attn_post_norm, rows, err))
        return false;
    if (!parallel) {
        norm(f, f->x, layer->mlp_norm, layer->mlp_norm_bias, rows);
        if (!layer_activate(f, l, rows, err))
            return false;
    }
    return add_branch(f, f->act, weights->w_down, layer->w_down_bias, layer->mlp_post_norm, rows,
                      err);
}

bool lm_forward_prefill(struct lm_forward *f, const struct lm_prefill *prompts, int32_t n,
                        struct leti_error *err)
{
    const struct lm_config *c = &f->model->config;
    int32_t H = c->n_heads, K = c->n_kv_heads, D = c->head_dim, *starts = f->starts;
    starts[0] = 0;
    for (int32_t i = 0; i < n; i++) {
        starts[i + 1] = starts[i] + prompts[i].n;
        for (int32_t t = 0; t < prompts[i].n; t++) {
            f->tokens[starts[i] + t] = prompts[i].tokens[t];
            f->positions[starts[i] + t] = t;
        }
    }
    embed(f, starts[n]);
    for (int32_t l = 0; l < c->n_layers; l++) {
        struct lm_heads heads = lm_config_heads(c, l);
        if (!layer_begin(f, l, starts[n], err))
            return false;
        for (int32_t i = 0; i < n; i++)
            f->own[i] = lm_kv_layer(f->cache, prompts[i].kv, l, 0);
        lm_kv_store(f->qkv, starts, f->own, n, H, K, D);
        lm_attention(f->qkv, starts, n, f->mixed, f->lse, &heads);
        if (!layer_end(f, l, starts[n], err))
            return false;
    }
    for (int32_t i = 0; i < n; i++)
        memcpy(prompts[i].hidden, f->x + (size_t)(starts[i + 1] - 1) * (size_t)c->d_model,
               (size_t)c->d_model * sizeof *f->x);
    return true;
}

bool lm_forward_decode(struct lm_forward *f, const struct lm_decode *rows, int32_t n, float *hidden,
                       struct leti_error *err)
{
    const struct lm_config *c = &f->model->config;
    for (int32_t i = 0; i < n; i++) {
        f->tokens[i] = rows[i].token;
        f->positions[i] = rows[i].n_prompt + rows[i].n_own;
    }
    embed(f, n);
    for (int32_t l = 0; l < c->n_layers; l++) {
        struct lm_heads heads = lm_config_heads(c, l);
        if (!layer_begin(f, l, n, err))
            return false;
        for (int32_t i = 0; i < n; i++) {
            f->shared[i] = lm_kv_layer(f->cache, rows[i].prompt, l, rows[i].n_prompt);
            f->own[i] = lm_kv_layer(f->cache, rows[i].own, l, rows[i].n_own);
        }
        lm_attention_decode(f->qkv, f->shared, f->own, f->mixed, n, &heads);
        if (!layer_end(f, l, n, err))
            return false;
    }
    memcpy(hidden, f->x, (size_t)n * (size_t)c->d_model * sizeof *hidden);
    return true;
}

bool lm_forward_logits(struct lm_forward *f, const float *hidden, int32_t n, float *logits,
                       struct leti_error *err)
{
    const struct lm_model *m = f->model;
    int32_t C = m->config.d_model, rows = padded(f, n);
    memset(f->normed + (size_t)n * (size_t)C, 0, (size_t)(rows - n) * (size_t)C * sizeof(float));
    norm(f, hidden, m->final_norm, m->final_norm_bias, n);
    return product(f, f->normed, f->weights->head, m->head_bias, logits, 0, rows,
                   m->config.vocab_size, err);
}
