/* decoder_pass.c - one training pass: the layers forward and backward, and the head.
 *
 * What works on each row alone - norms, products with weights, SwiGLU - is done for a block of rows
 * at a time, from one attention to the next: the block's activations stay in a core's cache, and
 * the threads meet three times a layer, not after every operation. Gradients of weights sum over
 * all rows; there the threads share out the weights' rows, so that every sum has one order.
 *
 * The way back computes norms and SwiGLU again, which takes less than to keep them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "decoder_pass.h"

#include <omp.h>
#include <string.h>

/* Rows from `first` on. */
struct rows {
    int64_t first, n;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A block's widest activation takes half of a usual second cache. Where the weights are large, all
 * rows are one block, and the threads share out each operation. */
void lm_pass_plan(struct lm_pass *pass)
{
    enum { CACHE = 512 << 10, WEIGHTS = 4 << 20 /* bytes */, LEAST = 32, GRAIN = 16 };
    int64_t row = 2 * pass->F * (int64_t)sizeof(float), threads = omp_get_max_threads();
    pass->block = pass->N;
    if (row * pass->C > WEIGHTS)
        return;
    int64_t rows = CACHE / row > LEAST ? CACHE / row : LEAST;
    int64_t n = (pass->N + rows - 1) / rows;
    n = (n + threads - 1) / threads * threads;
    rows = ((pass->N + n - 1) / n + GRAIN - 1) / GRAIN * GRAIN;
    pass->block = rows > LEAST ? rows : LEAST;
}

static const float *param(const struct lm_pass *pass, size_t offset)
{
    return pass->model->params + offset;
}

/* ---- sharing out ---- */

/* One thread's share of a step. */
typedef bool share(const struct lm_pass *, int32_t l, struct rows, struct leti_error *);

/* Shares of `size` of n, in any order. A single one is done outside of any region, where the
 * operations within take all threads. */
static bool share_out(const struct lm_pass *pass, share *work, int32_t l, int64_t n, int64_t size)
{
    bool ok = true;
    if (n <= size)
        return work(pass, l, (struct rows){ 0, n }, pass->err);
#pragma omp parallel for schedule(dynamic)
    for (int64_t first = 0; first < n; first += size) {
        struct leti_error err;
        if (work(pass, l, (struct rows){ first, least(size, n - first) }, &err))
            continue;
#pragma omp critical(lm_pass_error)
        ok = leti_error_set(pass->err, "%s", err.text);
    }
    return ok;
}

/* ---- what a block goes through ---- */

/* y [rows][to] = beta y + x [rows][from] w^T. */
static bool linear(const struct lm_pass *pass, struct rows rows, const float *x,
                   const struct lm_weight *w, float *y, float beta, int64_t to, int64_t from,
                   struct leti_error *err)
{
    return lm_linear(pass->decoder->products, w, x + rows.first * from, y + rows.first * to, beta,
                     rows.n, err);
}

/* dx [rows][from] = dy [rows][to] w. */
static bool linear_backward(const struct lm_pass *pass, struct rows rows, const float *dy,
                            const struct lm_weight *w, float *dx, int64_t to, int64_t from,
                            struct leti_error *err)
{
    return lm_linear_backward(pass->decoder->products, w, dy + rows.first * to,
                              dx + rows.first * from, rows.n, err);
}

static void copy(const struct lm_pass *pass, struct rows rows, const float *from, float *to)
{
    memcpy(to + rows.first * pass->C, from + rows.first * pass->C,
           (size_t)(rows.n * pass->C) * sizeof *to);
}

static void norm(const struct lm_pass *pass, struct rows rows, const struct lm_norm *norm,
                 const float *x, size_t weight)
{
    int64_t at = rows.first * pass->C;
    lm_rmsnorm(x + at, param(pass, weight), pass->model->config.norm_eps, norm->out + at,
               norm->rstd + rows.first, rows.n, pass->C);
}

/* Adds to dx. */
static void norm_backward(const struct lm_pass *pass, struct rows rows, const struct lm_norm *norm,
                          const float *x, size_t weight, float *dx)
{
    int64_t at = rows.first * pass->C;
    lm_rmsnorm_backward(norm->dout + at, x + at, param(pass, weight), norm->rstd + rows.first,
                        dx + at, rows.n, pass->C);
}

static bool before_attention(const struct lm_pass *pass, int32_t l, struct rows rows,
                             struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_layer *layer = &pass->model->layers[l];
    const struct lm_kept *kept = &d->layers[l];
    norm(pass, rows, &d->attn, kept->x, layer->attn_norm);
    if (!linear(pass, rows, d->attn.out, d->weights.layers[l].wqkv, kept->qkv, 0.0f, pass->Q,
                pass->C, err))
        return false;
    lm_rope(kept->qkv + rows.first * pass->Q, d->positions + rows.first, d->rope, rows.n, pass->H,
            pass->K, pass->D);
    return true;
}

static bool before_attention_backward(const struct lm_pass *pass, int32_t l, struct rows rows,
                                      struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_layer *layer = &pass->model->layers[l];
    const float *x = d->layers[l].x;
    lm_rope_backward(d->dqkv + rows.first * pass->Q, d->positions + rows.first, d->rope, rows.n,
                     pass->H, pass->K, pass->D);
    if (!linear_backward(pass, rows, d->dqkv, d->weights.layers[l].wqkv, d->attn.dout, pass->Q,
                         pass->C, err))
        return false;
    norm(pass, rows, &d->attn, x, layer->attn_norm);
    copy(pass, rows, d->dmiddle, d->dx);
    norm_backward(pass, rows, &d->attn, x, layer->attn_norm, d->dx);
    return true;
}

static bool after_attention(const struct lm_pass *pass, int32_t l, struct rows rows,
                            struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_layer *layer = &pass->model->layers[l];
    const struct lm_kept *kept = &d->layers[l];
    float *next = l + 1 < pass->model->config.n_layers ? d->layers[l + 1].x : d->x;
    int64_t F = pass->F;
    copy(pass, rows, kept->x, kept->middle);
    if (!linear(pass, rows, kept->out, d->weights.layers[l].wo, kept->middle, 1.0f, pass->C,
                pass->HD, err))
        return false;
    norm(pass, rows, &d->mlp, kept->middle, layer->mlp_norm);
    if (!linear(pass, rows, d->mlp.out, d->weights.layers[l].w_gate_up, kept->gate_up, 0.0f, 2 * F,
                pass->C, err))
        return false;
    lm_swiglu(kept->gate_up + rows.first * 2 * F, d->act + rows.first * F, rows.n, F);
    copy(pass, rows, kept->middle, next);
    return linear(pass, rows, d->act, d->weights.layers[l].w_down, next, 1.0f, pass->C, F, err);
}

/* From dx, the gradient of the layer's output, to dmiddle and the gradient of attention's. */
static bool after_attention_backward(const struct lm_pass *pass, int32_t l, struct rows rows,
                                     struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_layer *layer = &pass->model->layers[l];
    const struct lm_kept *kept = &d->layers[l];
    int64_t F = pass->F, wide = rows.first * 2 * F;
    if (!linear_backward(pass, rows, d->dx, d->weights.layers[l].w_down, d->dact, pass->C, F, err))
        return false;
    lm_swiglu_backward(d->dact + rows.first * F, kept->gate_up + wide, d->act + rows.first * F,
                       d->dgate_up + wide, rows.n, F);
    if (!linear_backward(pass, rows, d->dgate_up, d->weights.layers[l].w_gate_up, d->mlp.dout,
                         2 * F, pass->C, err))
        return false;
    norm(pass, rows, &d->mlp, kept->middle, layer->mlp_norm);
    copy(pass, rows, d->dx, d->dmiddle);
    norm_backward(pass, rows, &d->mlp, kept->middle, layer->mlp_norm, d->dmiddle);
    return linear_backward(pass, rows, d->dmiddle, d->weights.layers[l].wo, d->dout, pass->C,
                           pass->HD, err);
}

/* ---- from one attention to the next ---- */

/* Between the attentions of layers l-1 and l; at the ends embedding and final norm. */
static bool forward_share(const struct lm_pass *pass, int32_t l, struct rows rows,
                          struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    int64_t at = rows.first * pass->C;
    if (l == 0)
        lm_embed(param(pass, pass->model->embedding), pass->batch->tokens + rows.first,
                 d->layers[0].x + at, rows.n, pass->C);
    else if (!after_attention(pass, l - 1, rows, err))
        return false;
    if (l < pass->model->config.n_layers)
        return before_attention(pass, l, rows, err);
    norm(pass, rows, &d->attn, d->x, pass->model->final_norm);
    return true;
}

static bool backward_share(const struct lm_pass *pass, int32_t l, struct rows rows,
                           struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    if (l < pass->model->config.n_layers) {
        if (!before_attention_backward(pass, l, rows, err))
            return false;
    } else {
        memset(d->dx + rows.first * pass->C, 0, (size_t)(rows.n * pass->C) * sizeof *d->dx);
        norm_backward(pass, rows, &d->attn, d->x, pass->model->final_norm, d->dx);
    }
    return l == 0 || after_attention_backward(pass, l - 1, rows, err);
}

/* ---- gradients of weights ---- */

/* One parameter of those that backward_share left the gradients for. */
struct gradient {
    size_t weight;
    const float *dy, *x; /* [N][to], [N][from] */
    const float *rstd;   /* of a norm's weight; NULL: a matrix */
    int64_t to, from;
};

enum { GRADIENTS = 6, TILE = 64 /* rows of a matrix that are one share */ };

/* Those between the attentions of layers l-1 and l; returns their number. */
static size_t list_gradients(const struct lm_pass *pass, int32_t l, struct gradient list[GRADIENTS])
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_model *model = pass->model;
    int64_t C = pass->C, F = pass->F;
    size_t n = 0;
    if (l == model->config.n_layers) {
        list[n++] = (struct gradient){ model->final_norm, d->attn.dout, d->x, d->attn.rstd, 1, C };
    } else {
        const struct lm_layer *layer = &model->layers[l];
        list[n++] = (struct gradient){ layer->wqkv, d->dqkv, d->attn.out, NULL, pass->Q, C };
        list[n++] =
            (struct gradient){ layer->attn_norm, d->attn.dout, d->layers[l].x, d->attn.rstd, 1, C };
    }
    if (l > 0) {
        const struct lm_layer *layer = &model->layers[l - 1];
        const struct lm_kept *kept = &d->layers[l - 1];
        list[n++] = (struct gradient){ layer->w_down, d->dx, d->act, NULL, C, F };
        list[n++] = (struct gradient){ layer->w_gate_up, d->dgate_up, d->mlp.out, NULL, 2 * F, C };
        list[n++] = (struct gradient){ layer->wo, d->dmiddle, kept->out, NULL, C, pass->HD };
        list[n++] =
            (struct gradient){ layer->mlp_norm, d->mlp.dout, kept->middle, d->mlp.rstd, 1, C };
    }
    return n;
}

/* Some rows of one gradient. */
static bool gradient_rows(const struct lm_pass *pass, const struct gradient *g, struct rows rows,
                          struct leti_error *err)
{
    float *dw = pass->grad + g->weight;
    if (!g->rstd)
        return lm_linear_gradient(pass->decoder->products, pass->model->precision,
                                  g->dy + rows.first, g->to, g->x, dw + rows.first * g->from,
                                  rows.n, g->from, pass->N, err);
    lm_rmsnorm_weight_backward(g->dy, g->x, g->rstd, dw, pass->N, g->from);
    return true;
}

/* The tiles of all gradients are numbered through; rows: the tiles to do. */
static bool gradient_share(const struct lm_pass *pass, int32_t l, struct rows tiles,
                           struct leti_error *err)
{
    struct gradient list[GRADIENTS];
    size_t n = list_gradients(pass, l, list);
    int64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t count = (list[i].to + TILE - 1) / TILE;
        int64_t first = tiles.first > before ? tiles.first - before : 0;
        int64_t end = least(tiles.first + tiles.n - before, count);
        struct rows rows = { first * TILE, least(end * TILE, list[i].to) - first * TILE };
        if (first < end && !gradient_rows(pass, &list[i], rows, err))
            return false;
        before += count;
    }
    return true;
}

static bool gradients(const struct lm_pass *pass, int32_t l)
{
    struct gradient list[GRADIENTS];
    size_t n = list_gradients(pass, l, list);
    int64_t tiles = 0;
    for (size_t i = 0; i < n; i++)
        tiles += (list[i].to + TILE - 1) / TILE;
    return share_out(pass, gradient_share, l, tiles, pass->block < pass->N ? 1 : tiles);
}

/* ---- all layers ---- */

bool lm_pass_forward(const struct lm_pass *pass)
{
    const struct lm_decoder *d = pass->decoder;
    for (int32_t l = 0; l < pass->model->config.n_layers; l++) {
        if (!share_out(pass, forward_share, l, pass->N, pass->block))
            return false;
        lm_attention(d->layers[l].qkv, pass->batch->starts, pass->batch->n_seqs, d->layers[l].out,
                     d->layers[l].lse, pass->H, pass->K, pass->D);
    }
    return share_out(pass, forward_share, pass->model->config.n_layers, pass->N, pass->block);
}

bool lm_pass_backward(const struct lm_pass *pass)
{
    const struct lm_decoder *d = pass->decoder;
    for (int32_t l = pass->model->config.n_layers; l >= 0; l--) {
        if (!share_out(pass, backward_share, l, pass->N, pass->block) || !gradients(pass, l))
            return false;
        if (l > 0)
            lm_attention_backward(d->dout, d->layers[l - 1].qkv, d->layers[l - 1].out,
                                  d->layers[l - 1].lse, pass->batch->starts, pass->batch->n_seqs,
                                  d->dqkv, pass->H, pass->K, pass->D);
    }
    lm_embed_backward(d->dx, pass->batch->tokens, pass->grad + pass->model->embedding, pass->N,
                      pass->C);
    return true;
}

/* ---- the head ---- */

bool lm_pass_logits(const struct lm_pass *pass, int64_t first, int64_t rows, float *logits)
{
    return lm_linear(pass->decoder->products, pass->decoder->weights.head,
                     pass->decoder->attn.out + first * pass->C, logits, 0.0f, rows, pass->err);
}

/* The positions that the head takes at a time, while they are in work. */
struct head {
    const struct lm_pass *pass;
    struct rows rows;
    float scale;
    float *logprobs; /* of all positions; may be NULL */
    double losses[LM_HEAD_ROWS];
};

/* Logits of a block, its loss, and the gradient of what it was made from. block.first counts from
 * the first row in work. */
static bool head_block(struct head *head, struct rows block, struct leti_error *err)
{
    const struct lm_pass *pass = head->pass;
    const struct lm_decoder *d = pass->decoder;
    int64_t first = head->rows.first + block.first, at = first * pass->C;
    float *logits = d->logits + block.first * pass->V;
    if (!lm_linear(d->products, d->weights.head, d->attn.out + at, logits, 0.0f, block.n, err))
        return false;
    head->losses[block.first] =
        lm_cross_entropy(logits, pass->batch->targets + first, pass->grad ? head->scale : 0.0f,
                         head->logprobs ? head->logprobs + first : NULL, block.n, pass->V);
    return !pass->grad || lm_linear_backward(d->products, d->weights.head, logits,
                                             d->attn.dout + at, block.n, err);
}

/* The gradient of some of the head's rows, v.first .. */
static bool head_gradient(struct head *head, struct rows v, struct leti_error *err)
{
    const struct lm_pass *pass = head->pass;
    const struct lm_decoder *d = pass->decoder;
    return lm_linear_gradient(d->products, pass->model->precision, d->logits + v.first, pass->V,
                              d->attn.out + head->rows.first * pass->C,
                              pass->grad + pass->model->head + v.first * pass->C, v.n, pass->C,
                              head->rows.n, err);
}

/* As share_out, which see. */
static bool share_head(struct head *head,
                       bool (*work)(struct head *, struct rows, struct leti_error *), int64_t n,
                       int64_t size)
{
    bool ok = true;
    if (n <= size)
        return work(head, (struct rows){ 0, n }, head->pass->err);
#pragma omp parallel for schedule(dynamic)
    for (int64_t first = 0; first < n; first += size) {
        struct leti_error err;
        if (work(head, (struct rows){ first, least(size, n - first) }, &err))
            continue;
#pragma omp critical(lm_pass_error)
        ok = leti_error_set(head->pass->err, "%s", err.text);
    }
    return ok;
}

/* Adds the loss of the rows in work to *loss, the blocks' in their order. */
static bool head_rows(struct head *head, double *loss)
{
    const struct lm_pass *pass = head->pass;
    bool together = pass->block == pass->N;
    int64_t n = head->rows.n, size = together ? n : least(pass->block, 128);
    if (!share_head(head, head_block, n, size))
        return false;
    for (int64_t first = 0; first < n; first += size)
        *loss += head->losses[first];
    return !pass->grad || share_head(head, head_gradient, pass->V, together ? pass->V : TILE);
}

bool lm_pass_loss(const struct lm_pass *pass, float scale, float *logprobs, double *loss)
{
    struct head head = { .pass = pass, .scale = scale, .logprobs = logprobs };
    *loss = 0.0;
    for (int64_t first = 0; first < pass->N; first += LM_HEAD_ROWS) {
        head.rows = (struct rows){ first, least(LM_HEAD_ROWS, pass->N - first) };
        if (!head_rows(&head, loss))
            return false;
    }
    return true;
}
