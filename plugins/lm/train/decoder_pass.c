/* decoder_pass.c - one training pass: who does what, and in which order.
 *
 * What works on each row alone is done for a block of rows at a time (decoder_block.c), from one
 * attention to the next: the block's activations stay in a core's cache, and the threads meet
 * three times a layer, not after every operation. Gradients of weights sum over all rows; there
 * the threads share out the weights' rows, so that every sum has one order.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "train/decoder_pass.h"

#include <omp.h>
#include <string.h>

/* A block's widest activation takes half of a usual second cache. Where the weights are large, all
 * rows are one block, and the threads share out each operation. */
void lm_pass_plan(struct lm_pass *pass)
{
    enum { CACHE = 512 << 10, WEIGHTS = 4 << 20 /* bytes */, LEAST = 32, GRAIN = 16 };
    int64_t row = pass->W * (int64_t)sizeof(float), threads = omp_get_max_threads();
    pass->block = pass->N;
    if (row * pass->C > WEIGHTS)
        return;
    int64_t rows = CACHE / row > LEAST ? CACHE / row : LEAST;
    int64_t n = (pass->N + rows - 1) / rows;
    n = (n + threads - 1) / threads * threads;
    rows = ((pass->N + n - 1) / n + GRAIN - 1) / GRAIN * GRAIN;
    pass->block = rows > LEAST ? rows : LEAST;
}

/* ---- sharing out ---- */

bool lm_share_out(lm_share *work, void *context, int64_t n, int64_t size, struct leti_error *err)
{
    bool ok = true;
    if (n <= size)
        return work(context, (struct lm_rows){ 0, n }, err);
#pragma omp parallel for schedule(dynamic)
    for (int64_t first = 0; first < n; first += size) {
        struct leti_error problem;
        if (work(context, (struct lm_rows){ first, lm_least(size, n - first) }, &problem))
            continue;
#pragma omp critical(lm_pass_error)
        ok = leti_error_set(err, "%s", problem.text);
    }
    return ok;
}

/* What is done to some rows, or tiles, in layer l. */
typedef bool layer_share(const struct lm_pass *, int32_t l, struct lm_rows, struct leti_error *);

struct step {
    const struct lm_pass *pass;
    layer_share *work;
    int32_t l;
};

static bool take_step(void *context, struct lm_rows rows, struct leti_error *err)
{
    const struct step *step = context;
    return step->work(step->pass, step->l, rows, err);
}

static bool share_out(const struct lm_pass *pass, layer_share *work, int32_t l, int64_t n,
                      int64_t size)
{
    return lm_share_out(take_step, &(struct step){ pass, work, l }, n, size, pass->err);
}

/* ---- from one attention to the next ---- */

/* Between the attentions of layers l-1 and l; at the ends embedding and final norm. */
static bool forward_share(const struct lm_pass *pass, int32_t l, struct lm_rows rows,
                          struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    if (l == 0)
        lm_block_embed(pass, rows);
    else if (!lm_block_end(pass, l - 1, rows, err))
        return false;
    if (l < pass->model->config.n_layers)
        return lm_block_begin(pass, l, rows, err);
    lm_block_norm(pass, rows, &d->attn, d->x, pass->model->final_norm,
                  pass->model->final_norm_bias);
    return true;
}

static bool backward_share(const struct lm_pass *pass, int32_t l, struct lm_rows rows,
                           struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    if (l < pass->model->config.n_layers) {
        if (!lm_block_begin_backward(pass, l, rows, err))
            return false;
    } else {
        memset(d->dx + rows.first * pass->C, 0, (size_t)(rows.n * pass->C) * sizeof *d->dx);
        lm_block_norm_backward(pass, rows, &d->attn, d->x, pass->model->final_norm, d->dx);
    }
    return l == 0 || lm_block_end_backward(pass, l - 1, rows, err);
}

/* ---- gradients of weights ---- */

/* One parameter of those that the backward shares left the gradients for. */
struct gradient {
    enum { MATRIX, BIAS, NORM, HEAD_NORMS } kind;
    size_t weight;
    const float *dy, *x;      /* [N][to], [N][from]; of a bias only dy [N][from] */
    const float *rstd, *mean; /* of norms; a mean: LayerNorm */
    int64_t to, from;
    const struct lm_layer *layer; /* of norms of heads, q's and k's at once */
};

/* At most so many between two attentions, and at the ends. */
struct gradients {
    struct gradient list[20];
    size_t n;
};

enum { TILE = 64 /* rows of a matrix that are one share */ };

static void list_matrix(struct gradients *g, size_t weight, size_t bias, const float *dy,
                        const float *x, int64_t to, int64_t from)
{
    g->list[g->n++] = (struct gradient){ MATRIX, weight, dy, x, .to = to, .from = from };
    if (bias != LM_NONE)
        g->list[g->n++] = (struct gradient){ BIAS, bias, dy, .to = 1, .from = to };
}

static void list_norm(struct gradients *g, size_t weight, size_t bias, const struct lm_norm *norm,
                      const float *x, int64_t C)
{
    const float *mean = bias == LM_NONE ? NULL : norm->mean;
    g->list[g->n++] =
        (struct gradient){ NORM, weight, norm->dout, x, norm->rstd, mean, .to = 1, .from = C };
    if (bias != LM_NONE)
        g->list[g->n++] = (struct gradient){ BIAS, bias, norm->dout, .to = 1, .from = C };
}

/* A norm on what attention or MLP gave. */
static void list_post_norm(struct gradients *g, size_t weight, const struct lm_branch *branch,
                           const float *dy, int64_t C)
{
    if (weight != LM_NONE)
        g->list[g->n++] =
            (struct gradient){ NORM, weight, dy, branch->out, branch->rstd, .to = 1, .from = C };
}

static void list_begin(const struct lm_pass *pass, int32_t l, struct gradients *g)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_layer *layer = &pass->model->layers[l];
    const struct lm_kept *kept = &d->layers[l];
    list_matrix(g, layer->wqkv, layer->wqkv_bias, d->draw, d->attn.out, pass->Q, pass->C);
    list_norm(g, layer->attn_norm, layer->attn_norm_bias, &d->attn, kept->x, pass->C);
    if (layer->q_norm != LM_NONE)
        g->list[g->n++] =
            (struct gradient){ HEAD_NORMS,       layer->q_norm, d->dqkv,       kept->raw,
                               kept->heads_rstd, .to = 1,       .layer = layer };
}

static void list_end(const struct lm_pass *pass, int32_t l, struct gradients *g)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_layer *layer = &pass->model->layers[l];
    const struct lm_kept *kept = &d->layers[l];
    int64_t C = pass->C;
    list_matrix(g, layer->w_down, layer->w_down_bias, d->dmlp, d->act, C, pass->F);
    list_matrix(g, layer->w_gate_up, layer->w_gate_up_bias, d->dgate_up, d->mlp.out, pass->W, C);
    list_matrix(g, layer->wo, layer->wo_bias, d->dattn, kept->out, C, pass->HD);
    if (layer->mlp_norm != LM_NONE)
        list_norm(g, layer->mlp_norm, layer->mlp_norm_bias, &d->mlp, kept->middle, C);
    list_post_norm(g, layer->mlp_post_norm, &kept->mlp, d->dx, C);
    list_post_norm(g, layer->attn_post_norm, &kept->attn, d->dmiddle, C);
}

/* Those between the attentions of layers l-1 and l. */
static struct gradients list_gradients(const struct lm_pass *pass, int32_t l)
{
    const struct lm_model *model = pass->model;
    struct gradients g = { .n = 0 };
    if (l < model->config.n_layers)
        list_begin(pass, l, &g);
    else
        list_norm(&g, model->final_norm, model->final_norm_bias, &pass->decoder->attn,
                  pass->decoder->x, pass->C);
    if (l > 0)
        list_end(pass, l - 1, &g);
    return g;
}

/* Some rows of one gradient. */
static bool gradient_rows(const struct lm_pass *pass, const struct gradient *g, struct lm_rows rows,
                          struct leti_error *err)
{
    float *dw = pass->grad + g->weight;
    if (g->kind == MATRIX)
        return lm_linear_gradient(pass->decoder->products, pass->model->precision,
                                  g->dy + rows.first, g->to, g->x, dw + rows.first * g->from,
                                  rows.n, g->from, pass->N, err);
    if (g->kind == BIAS)
        lm_bias_backward(g->dy, dw, pass->N, g->from);
    else if (g->kind == HEAD_NORMS)
        lm_headnorm_weight_backward(g->dy, g->x, g->rstd, dw, pass->grad + g->layer->k_norm,
                                    pass->N, pass->H, pass->K, pass->D);
    else if (g->mean)
        lm_layernorm_weight_backward(g->dy, g->x, g->mean, g->rstd, dw, pass->N, g->from);
    else
        lm_rmsnorm_weight_backward(g->dy, g->x, g->rstd, dw, pass->N, g->from);
    return true;
}

/* The tiles of all gradients are numbered through; rows: the tiles to do. */
static bool gradient_share(const struct lm_pass *pass, int32_t l, struct lm_rows tiles,
                           struct leti_error *err)
{
    struct gradients g = list_gradients(pass, l);
    int64_t before = 0;
    for (size_t i = 0; i < g.n; i++) {
        int64_t count = (g.list[i].to + TILE - 1) / TILE;
        int64_t first = tiles.first > before ? tiles.first - before : 0;
        int64_t end = lm_least(tiles.first + tiles.n - before, count);
        struct lm_rows rows = { first * TILE, lm_least(end * TILE, g.list[i].to) - first * TILE };
        if (first < end && !gradient_rows(pass, &g.list[i], rows, err))
            return false;
        before += count;
    }
    return true;
}

static bool gradients(const struct lm_pass *pass, int32_t l)
{
    struct gradients g = list_gradients(pass, l);
    int64_t tiles = 0;
    for (size_t i = 0; i < g.n; i++)
        tiles += (g.list[i].to + TILE - 1) / TILE;
    return share_out(pass, gradient_share, l, tiles, pass->block < pass->N ? 1 : tiles);
}

/* ---- all layers ---- */

static void attention(const struct lm_pass *pass, int32_t l)
{
    const struct lm_kept *kept = &pass->decoder->layers[l];
    struct lm_heads heads = lm_config_heads(&pass->model->config, l);
    lm_attention(kept->qkv, pass->batch->starts, pass->batch->n_seqs, kept->out, kept->lse, &heads);
}

bool lm_pass_forward(const struct lm_pass *pass)
{
    for (int32_t l = 0; l < pass->model->config.n_layers; l++) {
        if (!share_out(pass, forward_share, l, pass->N, pass->block))
            return false;
        attention(pass, l);
    }
    return share_out(pass, forward_share, pass->model->config.n_layers, pass->N, pass->block);
}

/* What layer l leaves for the way back, once more from its input; the next layer's input comes out
 * again as it was. The last two layers' is still there. */
static bool recompute(const struct lm_pass *pass, int32_t l)
{
    if (pass->decoder->keeping == LM_KEEP_ALL || l >= pass->model->config.n_layers - 2)
        return true;
    if (!share_out(pass, lm_block_begin, l, pass->N, pass->block))
        return false;
    attention(pass, l);
    return share_out(pass, lm_block_end, l, pass->N, pass->block);
}

bool lm_pass_backward(const struct lm_pass *pass)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_model *model = pass->model;
    for (int32_t l = model->config.n_layers; l >= 0; l--) {
        if ((l > 0 && !recompute(pass, l - 1)) ||
            !share_out(pass, backward_share, l, pass->N, pass->block) || !gradients(pass, l))
            return false;
        if (l == 0)
            break;
        const struct lm_kept *kept = &d->layers[l - 1];
        struct lm_heads heads = lm_config_heads(&model->config, l - 1);
        lm_attention_backward(d->dout, kept->qkv, kept->out, kept->lse, pass->batch->starts,
                              pass->batch->n_seqs, d->dqkv, &heads);
    }
    lm_embed_backward(d->dx, pass->batch->tokens, pass->embedding_scale,
                      pass->grad + model->embedding, pass->N, pass->C);
    if (model->positions != LM_NONE)
        lm_embed_backward(d->dx, d->positions, 1.0f, pass->grad + model->positions, pass->N,
                          pass->C);
    return true;
}
