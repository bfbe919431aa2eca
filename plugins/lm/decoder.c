/* decoder.c - the training pass of the decoder: loss and gradient of packed sequences.
 *
 * The forward pass keeps, for each layer, what its backward pass cannot cheaply compute again:
 * norms and SwiGLU are computed twice. The logits of all positions are never whole: the head works
 * on some hundred rows at a time and turns them into their gradient at once.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "decoder.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_ROWS = 512, ALIGNMENT = 64 };

/* What the forward pass of a layer leaves for the way back. */
struct kept {
    float *x;       /* [N][C] before attention */
    float *middle;  /* [N][C] between attention and MLP */
    float *qkv;     /* [N][(H + 2 K) D] rotated */
    float *out;     /* [N][H D] of attention */
    float *lse;     /* [N][H] */
    float *gate_up; /* [N][2 F] */
};

struct lm_decoder {
    struct lm_config config;
    int64_t max_tokens;
    struct lm_products *products;
    void *memory;        /* all of the arrays below */
    struct kept *layers; /* n_layers */
    float *x;            /* [N][C] after the last layer */
    float *norm;         /* [N][C] output of whichever norm is in work */
    float *rstd;         /* [N] its factors */
    float *act;          /* [N][F] */
    float *logits;       /* [HEAD_ROWS][V] */
    float *dx, *dnorm;   /* [N][C] */
    float *dqkv, *dout;  /* as qkv, out */
    float *dact;         /* [N][F] */
    float *dgate_up;     /* [N][2 F] */
    float *rope;         /* [max_positions][D/2] pairs */
    int32_t *positions;  /* [N] */
};

/* ---- memory ---- */

/* Hands out slices of one allocation; without one it only adds up. */
struct arena {
    char *base;
    size_t size;
    bool overflow;
};

static void *slice(struct arena *arena, int64_t rows, int64_t columns)
{
    size_t bytes, end;
    if (__builtin_mul_overflow((size_t)rows, (size_t)columns, &bytes) ||
        __builtin_mul_overflow(bytes, sizeof(float), &bytes) ||
        __builtin_add_overflow(bytes, ALIGNMENT - 1, &bytes) ||
        __builtin_add_overflow(arena->size, bytes / ALIGNMENT * ALIGNMENT, &end))
        arena->overflow = true;
    if (arena->overflow)
        return NULL;
    void *at = arena->base ? arena->base + arena->size : NULL;
    arena->size = end;
    return at;
}

static void lay_out(struct lm_decoder *decoder, struct arena *arena)
{
    const struct lm_config *config = &decoder->config;
    int64_t N = decoder->max_tokens, C = config->d_model, F = config->d_ff;
    int64_t HD = (int64_t)config->n_heads * config->head_dim;
    int64_t Q = HD + 2 * (int64_t)config->n_kv_heads * config->head_dim;
    for (int32_t l = 0; l < config->n_layers; l++)
        decoder->layers[l] = (struct kept){
            .x = slice(arena, N, C),
            .middle = slice(arena, N, C),
            .qkv = slice(arena, N, Q),
            .out = slice(arena, N, HD),
            .lse = slice(arena, N, config->n_heads),
            .gate_up = slice(arena, N, 2 * F),
        };
    decoder->x = slice(arena, N, C);
    decoder->norm = slice(arena, N, C);
    decoder->rstd = slice(arena, N, 1);
    decoder->act = slice(arena, N, F);
    decoder->logits = slice(arena, N < HEAD_ROWS ? N : HEAD_ROWS, config->vocab_size);
    decoder->dx = slice(arena, N, C);
    decoder->dnorm = slice(arena, N, C);
    decoder->dqkv = slice(arena, N, Q);
    decoder->dout = slice(arena, N, HD);
    decoder->dact = slice(arena, N, F);
    decoder->dgate_up = slice(arena, N, 2 * F);
    decoder->rope = slice(arena, config->max_positions, config->head_dim);
    decoder->positions = slice(arena, N, 1);
}

static bool allocate(struct lm_decoder *decoder, struct leti_error *err)
{
    struct arena arena = { 0 };
    decoder->layers = calloc((size_t)decoder->config.n_layers, sizeof *decoder->layers);
    if (!decoder->layers)
        return leti_error_set(err, "out of memory");
    lay_out(decoder, &arena);
    decoder->memory = arena.overflow ? NULL : aligned_alloc(ALIGNMENT, arena.size);
    if (!decoder->memory)
        return leti_error_set(err,
                              "out of memory: a training pass of %lld tokens takes %.1f GB; "
                              "smaller micro-batches take less",
                              (long long)decoder->max_tokens, (double)arena.size / 1e9);
    arena = (struct arena){ .base = decoder->memory };
    lay_out(decoder, &arena);
    return true;
}

bool lm_decoder_create(const struct lm_config *config, int64_t max_tokens, struct lm_decoder **out,
                       struct leti_error *err)
{
    if (max_tokens < 1)
        return leti_error_set(err, "a training pass of %lld tokens: at least 1",
                              (long long)max_tokens);
    struct lm_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        return leti_error_set(err, "out of memory");
    decoder->config = *config;
    decoder->max_tokens = max_tokens;
    if (!allocate(decoder, err) || !lm_products_create(&decoder->products, err)) {
        lm_decoder_destroy(decoder);
        return false;
    }
    lm_rope_table(config->rope_theta, config->max_positions, config->head_dim, decoder->rope);
    *out = decoder;
    return true;
}

void lm_decoder_destroy(struct lm_decoder *decoder)
{
    if (!decoder)
        return;
    lm_products_destroy(decoder->products);
    free(decoder->layers);
    free(decoder->memory);
    free(decoder);
}

/* ---- what a pass is given ---- */

/* The pass in work: what all its steps need, with the field's letters. */
struct pass {
    struct lm_decoder *decoder;
    const struct lm_model *model;
    const struct lm_batch *batch;
    int64_t N, C, H, K, D, F, V, HD, Q;
    float *grad; /* NULL: forward only */
    struct leti_error *err;
};

static bool check_model(const struct lm_config *mine, const struct lm_config *its,
                        struct leti_error *err)
{
    if (mine->n_layers != its->n_layers || mine->d_model != its->d_model ||
        mine->n_heads != its->n_heads || mine->n_kv_heads != its->n_kv_heads ||
        mine->head_dim != its->head_dim || mine->d_ff != its->d_ff ||
        mine->max_positions != its->max_positions || mine->vocab_size < its->vocab_size)
        return leti_error_set(err, "the training pass was made for a model of another shape");
    return true;
}

static bool check_batch(const struct lm_decoder *decoder, const struct lm_model *model,
                        const struct lm_batch *batch, struct leti_error *err)
{
    if (batch->n_seqs < 1 || batch->starts[0] != 0)
        return leti_error_set(err, "a batch needs at least one sequence, from 0 on");
    for (int32_t i = 0; i < batch->n_seqs; i++) {
        int64_t length = (int64_t)batch->starts[i + 1] - batch->starts[i];
        if (length < 1 || length > model->config.max_positions)
            return leti_error_set(err, "a sequence of %lld tokens: 1 to %d are allowed",
                                  (long long)length, model->config.max_positions);
    }
    int64_t N = batch->starts[batch->n_seqs];
    if (N > decoder->max_tokens)
        return leti_error_set(err, "a batch of %lld tokens: at most %lld are allowed", (long long)N,
                              (long long)decoder->max_tokens);
    int32_t V = model->config.vocab_size;
    for (int64_t n = 0; n < N; n++) {
        int32_t token = batch->tokens[n], target = batch->targets ? batch->targets[n] : -1;
        if (token < 0 || token >= V || target >= V)
            return leti_error_set(err, "token %d: the vocabulary has %d",
                                  target >= V ? target : token, V);
    }
    return true;
}

static bool pass_begin(struct pass *pass, struct lm_decoder *decoder, const struct lm_model *model,
                       const struct lm_batch *batch, float *grad, struct leti_error *err)
{
    const struct lm_config *config = &model->config;
    if (!check_model(&decoder->config, config, err) || !check_batch(decoder, model, batch, err))
        return false;
    *pass = (struct pass){
        .decoder = decoder,
        .model = model,
        .batch = batch,
        .N = batch->starts[batch->n_seqs],
        .C = config->d_model,
        .H = config->n_heads,
        .K = config->n_kv_heads,
        .D = config->head_dim,
        .F = config->d_ff,
        .V = config->vocab_size,
        .grad = grad,
        .err = err,
    };
    pass->HD = pass->H * pass->D;
    pass->Q = pass->HD + 2 * pass->K * pass->D;
    for (int32_t i = 0; i < batch->n_seqs; i++)
        for (int32_t n = batch->starts[i]; n < batch->starts[i + 1]; n++)
            decoder->positions[n] = n - batch->starts[i];
    return true;
}

static const float *param(const struct pass *pass, size_t offset)
{
    return pass->model->params + offset;
}

/* ---- a linear map: y [N][rows] = x [N][columns] w^T, w [rows][columns] ---- */

static bool linear(const struct pass *pass, const float *x, size_t w, float *y, float beta,
                   int64_t rows, int64_t columns)
{
    return lm_matmul(pass->decoder->products, x, false, param(pass, w), true, y, beta, pass->N,
                     rows, columns, pass->err);
}

/* dx = dy w; the gradient of w grows by dy^T x. */
static bool linear_backward(const struct pass *pass, const float *dy, const float *x, size_t w,
                            float *dx, int64_t rows, int64_t columns)
{
    struct lm_products *products = pass->decoder->products;
    return lm_matmul(products, dy, true, x, false, pass->grad + w, 1.0f, rows, columns, pass->N,
                     pass->err) &&
           lm_matmul(products, dy, false, param(pass, w), false, dx, 0.0f, pass->N, columns, rows,
                     pass->err);
}

static void norm(const struct pass *pass, const float *x, size_t weight)
{
    lm_rmsnorm(x, param(pass, weight), pass->model->config.norm_eps, pass->decoder->norm,
               pass->decoder->rstd, pass->N, pass->C);
}

/* From dnorm into dx; the norm of x is the last that was computed. */
static void norm_backward(const struct pass *pass, const float *x, size_t weight)
{
    struct lm_decoder *d = pass->decoder;
    lm_rmsnorm_backward(d->dnorm, x, param(pass, weight), d->rstd, d->dx, pass->grad + weight,
                        pass->N, pass->C);
}

/* ---- a layer ---- */

/* From kept->x to next [N][C]. */
static bool layer_forward(const struct pass *pass, const struct lm_layer *layer,
                          const struct kept *kept, float *next)
{
    struct lm_decoder *d = pass->decoder;
    size_t row_bytes = (size_t)(pass->N * pass->C) * sizeof *next;

    norm(pass, kept->x, layer->attn_norm);
    if (!linear(pass, d->norm, layer->wqkv, kept->qkv, 0.0f, pass->Q, pass->C))
        return false;
    lm_rope(kept->qkv, d->positions, d->rope, pass->N, pass->H, pass->K, pass->D);
    lm_attention(kept->qkv, pass->batch->starts, pass->batch->n_seqs, kept->out, kept->lse, pass->H,
                 pass->K, pass->D);
    memcpy(kept->middle, kept->x, row_bytes);
    if (!linear(pass, kept->out, layer->wo, kept->middle, 1.0f, pass->C, pass->HD))
        return false;

    norm(pass, kept->middle, layer->mlp_norm);
    if (!linear(pass, d->norm, layer->w_gate_up, kept->gate_up, 0.0f, 2 * pass->F, pass->C))
        return false;
    lm_swiglu(kept->gate_up, d->act, pass->N, pass->F);
    memcpy(next, kept->middle, row_bytes);
    return linear(pass, d->act, layer->w_down, next, 1.0f, pass->C, pass->F);
}

/* dx: from the gradient of the layer's output to that of its input. */
static bool layer_backward(const struct pass *pass, const struct lm_layer *layer,
                           const struct kept *kept)
{
    struct lm_decoder *d = pass->decoder;

    lm_swiglu(kept->gate_up, d->act, pass->N, pass->F);
    if (!linear_backward(pass, d->dx, d->act, layer->w_down, d->dact, pass->C, pass->F))
        return false;
    lm_swiglu_backward(d->dact, kept->gate_up, d->dgate_up, pass->N, pass->F);
    norm(pass, kept->middle, layer->mlp_norm);
    if (!linear_backward(pass, d->dgate_up, d->norm, layer->w_gate_up, d->dnorm, 2 * pass->F,
                         pass->C))
        return false;
    norm_backward(pass, kept->middle, layer->mlp_norm);

    if (!linear_backward(pass, d->dx, kept->out, layer->wo, d->dout, pass->C, pass->HD))
        return false;
    lm_attention_backward(d->dout, kept->qkv, kept->out, kept->lse, pass->batch->starts,
                          pass->batch->n_seqs, d->dqkv, pass->H, pass->K, pass->D);
    lm_rope_backward(d->dqkv, d->positions, d->rope, pass->N, pass->H, pass->K, pass->D);
    norm(pass, kept->x, layer->attn_norm);
    if (!linear_backward(pass, d->dqkv, d->norm, layer->wqkv, d->dnorm, pass->Q, pass->C))
        return false;
    norm_backward(pass, kept->x, layer->attn_norm);
    return true;
}

/* ---- the whole ---- */

/* Leaves the final norm in norm. */
static bool trunk_forward(const struct pass *pass)
{
    struct lm_decoder *d = pass->decoder;
    int32_t n_layers = pass->model->config.n_layers;
    lm_embed(param(pass, pass->model->embedding), pass->batch->tokens, d->layers[0].x, pass->N,
             pass->C);
    for (int32_t l = 0; l < n_layers; l++) {
        float *next = l + 1 < n_layers ? d->layers[l + 1].x : d->x;
        if (!layer_forward(pass, &pass->model->layers[l], &d->layers[l], next))
            return false;
    }
    norm(pass, d->x, pass->model->final_norm);
    return true;
}

/* From dnorm, the gradient of the final norm. */
static bool trunk_backward(const struct pass *pass)
{
    struct lm_decoder *d = pass->decoder;
    memset(d->dx, 0, (size_t)(pass->N * pass->C) * sizeof *d->dx);
    norm_backward(pass, d->x, pass->model->final_norm);
    for (int32_t l = pass->model->config.n_layers - 1; l >= 0; l--)
        if (!layer_backward(pass, &pass->model->layers[l], &d->layers[l]))
            return false;
    lm_embed_backward(d->dx, pass->batch->tokens, pass->grad + pass->model->embedding, pass->N,
                      pass->C);
    return true;
}

/* Logits of `rows` positions from `first` on. */
static bool head_forward(const struct pass *pass, int64_t first, int64_t rows, float *logits)
{
    return lm_matmul(pass->decoder->products, pass->decoder->norm + first * pass->C, false,
                     param(pass, pass->model->head), true, logits, 0.0f, rows, pass->V, pass->C,
                     pass->err);
}

static bool head_backward(const struct pass *pass, int64_t first, int64_t rows)
{
    struct lm_decoder *d = pass->decoder;
    int64_t at = first * pass->C;
    return lm_matmul(d->products, d->logits, true, d->norm + at, false,
                     pass->grad + pass->model->head, 1.0f, pass->V, pass->C, rows, pass->err) &&
           lm_matmul(d->products, d->logits, false, param(pass, pass->model->head), false,
                     d->dnorm + at, 0.0f, rows, pass->C, pass->V, pass->err);
}

/* The loss of all positions, and with a gradient the gradient of the final norm. */
static bool head_loss(const struct pass *pass, float scale, float *logprobs, double *loss)
{
    *loss = 0.0;
    for (int64_t first = 0; first < pass->N; first += HEAD_ROWS) {
        int64_t rows = first + HEAD_ROWS < pass->N ? HEAD_ROWS : pass->N - first;
        if (!head_forward(pass, first, rows, pass->decoder->logits))
            return false;
        *loss += lm_cross_entropy(pass->decoder->logits, pass->batch->targets + first,
                                  pass->grad ? scale : 0.0f, logprobs ? logprobs + first : NULL,
                                  rows, pass->V);
        if (pass->grad && !head_backward(pass, first, rows))
            return false;
    }
    return true;
}

static int64_t count(const struct pass *pass)
{
    int64_t counted = 0;
    for (int64_t n = 0; n < pass->N; n++)
        counted += pass->batch->targets[n] >= 0;
    return counted;
}

bool lm_decoder_loss(struct lm_decoder *decoder, const struct lm_model *model,
                     const struct lm_batch *batch, double *loss, int64_t *counted, float *logprobs,
                     struct leti_error *err)
{
    struct pass pass;
    double sum;
    if (!pass_begin(&pass, decoder, model, batch, NULL, err) || !trunk_forward(&pass) ||
        !head_loss(&pass, 0.0f, logprobs, &sum))
        return false;
    *loss = sum;
    *counted = count(&pass);
    return true;
}

bool lm_decoder_backward(struct lm_decoder *decoder, const struct lm_model *model,
                         const struct lm_batch *batch, float scale, float *grad, double *loss,
                         int64_t *counted, struct leti_error *err)
{
    struct pass pass;
    double sum;
    if (scale == 0.0f)
        return leti_error_set(err, "a gradient at scale 0");
    if (!pass_begin(&pass, decoder, model, batch, grad, err) || !trunk_forward(&pass) ||
        !head_loss(&pass, scale, NULL, &sum) || !trunk_backward(&pass))
        return false;
    *loss = sum;
    *counted = count(&pass);
    return true;
}

bool lm_decoder_logits(struct lm_decoder *decoder, const struct lm_model *model,
                       const struct lm_batch *batch, float *logits, struct leti_error *err)
{
    struct pass pass;
    return pass_begin(&pass, decoder, model, batch, NULL, err) && trunk_forward(&pass) &&
           head_forward(&pass, 0, pass.N, logits);
}
