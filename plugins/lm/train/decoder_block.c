/* decoder_block.c - what works on each row alone, for a block of rows: norms, products with
 * weights, activations, and their way back.
 *
 * The way back computes norms and activations again, which takes less than to keep them. What a
 * model does not have is left out by its data: an offset that is LM_NONE, a buffer that is NULL.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "train/decoder_pass.h"

#include <string.h>

static const float *param(const struct lm_pass *pass, size_t offset)
{
    return pass->model->params + offset;
}

/* ---- parts ---- */

/* y [rows][to] = beta y + x [rows][from] w^T + bias. */
static bool linear(const struct lm_pass *pass, struct lm_rows rows, const float *x,
                   const struct lm_weight *w, size_t bias, float *y, float beta, int64_t to,
                   int64_t from, struct leti_error *err)
{
    if (!lm_linear(pass->decoder->products, w, x + rows.first * from, y + rows.first * to, beta,
                   rows.n, err))
        return false;
    if (bias != LM_NONE)
        lm_bias(y + rows.first * to, param(pass, bias), rows.n, to);
    return true;
}

/* dx [rows][from] = dy [rows][to] w. */
static bool linear_backward(const struct lm_pass *pass, struct lm_rows rows, const float *dy,
                            const struct lm_weight *w, float *dx, int64_t to, int64_t from,
                            struct leti_error *err)
{
    return lm_linear_backward(pass->decoder->products, w, dy + rows.first * to,
                              dx + rows.first * from, rows.n, err);
}

static void copy(const struct lm_pass *pass, struct lm_rows rows, const float *from, float *to)
{
    memcpy(to + rows.first * pass->C, from + rows.first * pass->C,
           (size_t)(rows.n * pass->C) * sizeof *to);
}

static void add(const struct lm_pass *pass, struct lm_rows rows, const float *from, float *to)
{
    lm_add(to + rows.first * pass->C, from + rows.first * pass->C, (size_t)(rows.n * pass->C));
}

void lm_block_norm(const struct lm_pass *pass, struct lm_rows rows, const struct lm_norm *norm,
                   const float *x, size_t weight, size_t bias)
{
    int64_t at = rows.first * pass->C;
    float eps = pass->model->config.norm_eps, *rstd = norm->rstd + rows.first;
    if (bias == LM_NONE)
        lm_rmsnorm(x + at, param(pass, weight), eps, norm->out + at, rstd, rows.n, pass->C);
    else
        lm_layernorm(x + at, param(pass, weight), param(pass, bias), eps, norm->out + at,
                     norm->mean + rows.first, rstd, rows.n, pass->C);
}

void lm_block_norm_backward(const struct lm_pass *pass, struct lm_rows rows,
                            const struct lm_norm *norm, const float *x, size_t weight, float *dx)
{
    int64_t at = rows.first * pass->C;
    const float *rstd = norm->rstd + rows.first;
    if (pass->model->config.norm == LM_RMS_NORM)
        lm_rmsnorm_backward(norm->dout + at, x + at, param(pass, weight), rstd, dx + at, rows.n,
                            pass->C);
    else
        lm_layernorm_backward(norm->dout + at, x + at, param(pass, weight), norm->mean + rows.first,
                              rstd, dx + at, rows.n, pass->C);
}

/* A residual branch: sum += x w^T + bias, or the norm of that. */
static bool add_branch(const struct lm_pass *pass, struct lm_rows rows, const float *x,
                       const struct lm_weight *w, size_t bias, size_t post_norm,
                       const struct lm_branch *branch, float *sum, int64_t from,
                       struct leti_error *err)
{
    int64_t C = pass->C, at = rows.first * C;
    if (post_norm == LM_NONE)
        return linear(pass, rows, x, w, bias, sum, 1.0f, C, from, err);
    if (!linear(pass, rows, x, w, bias, branch->out, 0.0f, C, from, err))
        return false;
    float *normed = pass->decoder->mlp.out; /* between its uses */
    lm_rmsnorm(branch->out + at, param(pass, post_norm), pass->model->config.norm_eps, normed + at,
               branch->rstd + rows.first, rows.n, C);
    add(pass, rows, normed, sum);
    return true;
}

/* From the gradient of the sum to that of what was normed; the same where nothing was. */
static void branch_backward(const struct lm_pass *pass, struct lm_rows rows, size_t post_norm,
                            const struct lm_branch *branch, const float *dsum, float *dbranch)
{
    int64_t C = pass->C, at = rows.first * C;
    if (post_norm == LM_NONE)
        return;
    memset(dbranch + at, 0, (size_t)(rows.n * C) * sizeof *dbranch);
    lm_rmsnorm_backward(dsum + at, branch->out + at, param(pass, post_norm),
                        branch->rstd + rows.first, dbranch + at, rows.n, C);
}

static const float *rope_table(const struct lm_pass *pass, int32_t l)
{
    return pass->decoder->rope[lm_config_slides(&pass->model->config, l)];
}

/* ---- around attention ---- */

void lm_block_embed(const struct lm_pass *pass, struct lm_rows rows)
{
    const struct lm_model *model = pass->model;
    const struct lm_decoder *d = pass->decoder;
    float *x = d->layers[0].x + rows.first * pass->C;
    lm_embed(param(pass, model->embedding), pass->batch->tokens + rows.first, pass->embedding_scale,
             x, rows.n, pass->C);
    if (model->positions != LM_NONE)
        lm_embed_add(param(pass, model->positions), d->positions + rows.first, x, rows.n, pass->C);
}

bool lm_block_begin(const struct lm_pass *pass, int32_t l, struct lm_rows rows,
                    struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_layer *layer = &pass->model->layers[l];
    const struct lm_kept *kept = &d->layers[l];
    float *raw = kept->raw ? kept->raw : kept->qkv;
    int64_t at = rows.first * pass->Q;
    lm_block_norm(pass, rows, &d->attn, kept->x, layer->attn_norm, layer->attn_norm_bias);
    if (!linear(pass, rows, d->attn.out, d->weights.layers[l].wqkv, layer->wqkv_bias, raw, 0.0f,
                pass->Q, pass->C, err))
        return false;
    if (kept->raw)
        lm_headnorm(raw + at, param(pass, layer->q_norm), param(pass, layer->k_norm),
                    pass->model->config.norm_eps, kept->qkv + at,
                    kept->heads_rstd + rows.first * (pass->H + pass->K), rows.n, pass->H, pass->K,
                    pass->D);
    if (pass->R > 0)
        lm_rope(kept->qkv + at, d->positions + rows.first, rope_table(pass, l), rows.n, pass->H,
                pass->K, pass->D, pass->R);
    return true;
}

bool lm_block_begin_backward(const struct lm_pass *pass, int32_t l, struct lm_rows rows,
                             struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_layer *layer = &pass->model->layers[l];
    const struct lm_kept *kept = &d->layers[l];
    int64_t at = rows.first * pass->Q;
    if (pass->R > 0)
        lm_rope_backward(d->dqkv + at, d->positions + rows.first, rope_table(pass, l), rows.n,
                         pass->H, pass->K, pass->D, pass->R);
    if (kept->raw)
        lm_headnorm_backward(d->dqkv + at, kept->raw + at, param(pass, layer->q_norm),
                             param(pass, layer->k_norm),
                             kept->heads_rstd + rows.first * (pass->H + pass->K), d->draw + at,
                             rows.n, pass->H, pass->K, pass->D);
    if (!linear_backward(pass, rows, d->draw, d->weights.layers[l].wqkv, d->attn.dout, pass->Q,
                         pass->C, err))
        return false;
    if (layer->mlp_norm == LM_NONE)
        add(pass, rows, d->mlp.dout, d->attn.dout); /* they share this norm */
    lm_block_norm(pass, rows, &d->attn, kept->x, layer->attn_norm, layer->attn_norm_bias);
    copy(pass, rows, d->dmiddle, d->dx);
    lm_block_norm_backward(pass, rows, &d->attn, kept->x, layer->attn_norm, d->dx);
    return true;
}

bool lm_block_end(const struct lm_pass *pass, int32_t l, struct lm_rows rows,
                  struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_config *config = &pass->model->config;
    const struct lm_layer *layer = &pass->model->layers[l];
    const struct lm_layer_weights *weights = &d->weights.layers[l];
    const struct lm_kept *kept = &d->layers[l];
    float *next = l + 1 < config->n_layers ? d->layers[l + 1].x : d->x;
    float *middle = kept->middle ? kept->middle : next, *in = d->attn.out;
    copy(pass, rows, kept->x, middle);
    if (!add_branch(pass, rows, kept->out, weights->wo, layer->wo_bias, layer->attn_post_norm,
                    &kept->attn, middle, pass->HD, err))
        return false;
    if (layer->mlp_norm != LM_NONE) {
        lm_block_norm(pass, rows, &d->mlp, middle, layer->mlp_norm, layer->mlp_norm_bias);
        in = d->mlp.out;
    }
    if (!linear(pass, rows, in, weights->w_gate_up, layer->w_gate_up_bias, kept->gate_up, 0.0f,
                pass->W, pass->C, err))
        return false;
    lm_activate(config->activation, !config->plain_mlp, kept->gate_up + rows.first * pass->W,
                d->act + rows.first * pass->F, rows.n, pass->F);
    if (middle != next)
        copy(pass, rows, middle, next);
    return add_branch(pass, rows, d->act, weights->w_down, layer->w_down_bias, layer->mlp_post_norm,
                      &kept->mlp, next, pass->F, err);
}

/* From dmlp to the gradient of what the MLP takes in. */
static bool mlp_backward(const struct lm_pass *pass, int32_t l, struct lm_rows rows,
                         struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_config *config = &pass->model->config;
    const struct lm_layer_weights *weights = &d->weights.layers[l];
    int64_t narrow = rows.first * pass->F, wide = rows.first * pass->W;
    if (!linear_backward(pass, rows, d->dmlp, weights->w_down, d->dact, pass->C, pass->F, err))
        return false;
    lm_activate_backward(config->activation, !config->plain_mlp, d->dact + narrow,
                         d->layers[l].gate_up + wide, d->act + narrow, d->dgate_up + wide, rows.n,
                         pass->F);
    return linear_backward(pass, rows, d->dgate_up, weights->w_gate_up, d->mlp.dout, pass->W,
                           pass->C, err);
}

bool lm_block_end_backward(const struct lm_pass *pass, int32_t l, struct lm_rows rows,
                           struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_layer *layer = &pass->model->layers[l];
    const struct lm_kept *kept = &d->layers[l];
    branch_backward(pass, rows, layer->mlp_post_norm, &kept->mlp, d->dx, d->dmlp);
    if (!mlp_backward(pass, l, rows, err))
        return false;
    copy(pass, rows, d->dx, d->dmiddle);
    if (layer->mlp_norm == LM_NONE) {
        lm_block_norm(pass, rows, &d->mlp, kept->x, layer->attn_norm, layer->attn_norm_bias);
    } else {
        lm_block_norm(pass, rows, &d->mlp, kept->middle, layer->mlp_norm, layer->mlp_norm_bias);
        lm_block_norm_backward(pass, rows, &d->mlp, kept->middle, layer->mlp_norm, d->dmiddle);
    }
    branch_backward(pass, rows, layer->attn_post_norm, &kept->attn, d->dmiddle, d->dattn);
    return linear_backward(pass, rows, d->dattn, d->weights.layers[l].wo, d->dout, pass->C,
                           pass->HD, err);
}
