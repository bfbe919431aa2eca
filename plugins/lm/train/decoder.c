/* decoder.c - the training pass of the decoder: its memory, what it is given, what it gives.
 *
 * The forward pass keeps, for each layer, what its backward pass cannot cheaply compute again. The
 * logits of all positions are never whole: the head works on some hundred rows at a time and turns
 * them into their gradient at once.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "train/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "train/decoder_pass.h"

enum { ALIGNMENT = 64 };

/* ---- memory ---- */

/* Hands out slices of one allocation; without one it only adds up. */
struct arena {
    char *base;
    size_t size;
    bool overflow;
};

static void *slice(struct arena *arena, int64_t rows, int64_t columns)
{
    size_t bytes = 0, end = 0;
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

static struct lm_norm slice_norm(struct arena *arena, bool backward, int64_t N, int64_t C)
{
    return (struct lm_norm){
        .out = slice(arena, N, C),
        .rstd = slice(arena, N, 1),
        .mean = slice(arena, N, 1),
        .dout = backward ? slice(arena, N, C) : NULL,
    };
}

/* Only where the model has norms on what attention and MLP give. */
static struct lm_branch slice_branch(struct arena *arena, bool has, int64_t N, int64_t C)
{
    struct lm_branch branch = { 0 };
    if (has) {
        branch.out = slice(arena, N, C);
        branch.rstd = slice(arena, N, 1);
    }
    return branch;
}

static void lay_out_layer(const struct lm_config *config, int64_t N, struct arena *arena,
                          struct lm_kept *kept)
{
    int64_t C = config->d_model, HD = (int64_t)config->n_heads * config->head_dim;
    int64_t heads = config->n_heads + config->n_kv_heads;
    int64_t Q = HD + 2 * (int64_t)config->n_kv_heads * config->head_dim;
    *kept = (struct lm_kept){
        .x = kept->x,
        .middle = config->parallel ? NULL : slice(arena, N, C),
        .raw = config->qk_norm ? slice(arena, N, Q) : NULL,
        .heads_rstd = config->qk_norm ? slice(arena, N, heads) : NULL,
        .qkv = slice(arena, N, Q),
        .out = slice(arena, N, HD),
        .lse = slice(arena, N, config->n_heads),
        .gate_up = slice(arena, N, lm_config_mlp_width(config)),
        .attn = slice_branch(arena, config->post_norms, N, C),
        .mlp = slice_branch(arena, config->post_norms, N, C),
    };
}

/* A sequence has no more tokens than a pass. */
static int64_t rope_positions(const struct lm_decoder *decoder)
{
    int64_t most = decoder->config.max_positions;
    return decoder->max_tokens < most ? decoder->max_tokens : most;
}

static void lay_out_layers(struct lm_decoder *decoder, struct arena *arena)
{
    const struct lm_config *config = &decoder->config;
    int64_t N = decoder->max_tokens, C = config->d_model;
    for (int32_t l = 0; l < config->n_layers; l++) {
        struct lm_kept *kept = &decoder->layers[l];
        bool shared = decoder->keeping != LM_KEEP_ALL && l >= 2;
        if (shared)
            *kept = decoder->layers[l - 2];
        if (!shared || decoder->keeping == LM_KEEP_INPUTS)
            kept->x = slice(arena, N, C);
        if (!shared)
            lay_out_layer(config, N, arena, kept);
    }
}

/* What the way back works in. */
static void lay_out_gradients(struct lm_decoder *decoder, struct arena *arena)
{
    const struct lm_config *config = &decoder->config;
    int64_t N = decoder->max_tokens, C = config->d_model;
    int64_t HD = (int64_t)config->n_heads * config->head_dim;
    int64_t Q = HD + 2 * (int64_t)config->n_kv_heads * config->head_dim;
    decoder->dx = slice(arena, N, C);
    decoder->dmiddle = slice(arena, N, C);
    decoder->dattn = config->post_norms ? slice(arena, N, C) : decoder->dmiddle;
    decoder->dmlp = config->post_norms ? slice(arena, N, C) : decoder->dx;
    decoder->dqkv = slice(arena, N, Q);
    decoder->draw = config->qk_norm ? slice(arena, N, Q) : decoder->dqkv;
    decoder->dout = slice(arena, N, HD);
    decoder->dact = slice(arena, N, config->d_ff);
    decoder->dgate_up = slice(arena, N, lm_config_mlp_width(config));
}

static void lay_out(struct lm_decoder *decoder, struct arena *arena)
{
    const struct lm_config *config = &decoder->config;
    int64_t N = decoder->max_tokens, C = config->d_model, R = lm_config_rotary_dim(config);
    bool backward = decoder->keeping != LM_KEEP_NOTHING;
    lay_out_layers(decoder, arena);
    decoder->x = slice(arena, N, C);
    decoder->attn = slice_norm(arena, backward, N, C);
    decoder->mlp = slice_norm(arena, backward, N, C);
    decoder->act = slice(arena, N, config->d_ff);
    decoder->logits = slice(arena, N < LM_HEAD_ROWS ? N : LM_HEAD_ROWS, config->vocab_size);
    if (backward)
        lay_out_gradients(decoder, arena);
    decoder->rope[0] = slice(arena, rope_positions(decoder), R);
    decoder->rope[1] = decoder->rope[0];
    if (config->rope_theta_sliding > 0)
        decoder->rope[1] = slice(arena, rope_positions(decoder), R);
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
                              "smaller micro-batches and recomputing take less",
                              (long long)decoder->max_tokens, (double)arena.size / 1e9);
    arena = (struct arena){ .base = decoder->memory };
    lay_out(decoder, &arena);
    return true;
}

static bool create(const struct lm_config *config, int64_t max_tokens, enum lm_keeping keeping,
                   struct lm_decoder **out, struct leti_error *err)
{
    if (max_tokens < 1)
        return leti_error_set(err, "a training pass of %lld tokens: at least 1",
                              (long long)max_tokens);
    struct lm_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        return leti_error_set(err, "out of memory");
    decoder->config = *config;
    decoder->max_tokens = max_tokens;
    decoder->keeping = keeping;
    lm_weights_init(&decoder->weights, keeping != LM_KEEP_NOTHING);
    if (!allocate(decoder, err) || !lm_products_create(&decoder->products, err)) {
        lm_decoder_destroy(decoder);
        return false;
    }
    for (int sliding = 0; sliding < 2; sliding++)
        if (sliding == 0 || decoder->rope[1] != decoder->rope[0])
            lm_config_rope_table(config, sliding, rope_positions(decoder), decoder->rope[sliding]);
    *out = decoder;
    return true;
}

bool lm_decoder_create(const struct lm_config *config, int64_t max_tokens, struct lm_decoder **out,
                       struct leti_error *err)
{
    return create(config, max_tokens, LM_KEEP_ALL, out, err);
}

bool lm_decoder_create_recomputing(const struct lm_config *config, int64_t max_tokens,
                                   struct lm_decoder **out, struct leti_error *err)
{
    return create(config, max_tokens, LM_KEEP_INPUTS, out, err);
}

bool lm_decoder_create_forward(const struct lm_config *config, int64_t max_tokens,
                               struct lm_decoder **out, struct leti_error *err)
{
    return create(config, max_tokens, LM_KEEP_NOTHING, out, err);
}

void lm_decoder_destroy(struct lm_decoder *decoder)
{
    if (!decoder)
        return;
    lm_products_destroy(decoder->products);
    lm_weights_clear(&decoder->weights);
    free(decoder->layers);
    free(decoder->memory);
    free(decoder);
}

/* ---- what a pass is given ---- */

static bool check_model(const struct lm_config *mine, const struct lm_config *its,
                        struct leti_error *err)
{
    if (mine->n_layers != its->n_layers || mine->d_model != its->d_model ||
        mine->n_heads != its->n_heads || mine->n_kv_heads != its->n_kv_heads ||
        mine->head_dim != its->head_dim || mine->d_ff != its->d_ff ||
        mine->max_positions != its->max_positions || mine->vocab_size < its->vocab_size ||
        mine->norm != its->norm || mine->parallel != its->parallel ||
        mine->post_norms != its->post_norms || mine->qk_norm != its->qk_norm ||
        mine->plain_mlp != its->plain_mlp ||
        lm_config_rotary_dim(mine) != lm_config_rotary_dim(its))
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

static bool pass_begin(struct lm_pass *pass, struct lm_decoder *decoder,
                       const struct lm_model *model, const struct lm_batch *batch, float *grad,
                       struct leti_error *err)
{
    const struct lm_config *config = &model->config;
    if (!check_model(&decoder->config, config, err) || !check_batch(decoder, model, batch, err) ||
        !lm_weights_update(&decoder->weights, model, err))
        return false;
    *pass = (struct lm_pass){
        .decoder = decoder,
        .model = model,
        .batch = batch,
        .N = batch->starts[batch->n_seqs],
        .C = config->d_model,
        .H = config->n_heads,
        .K = config->n_kv_heads,
        .D = config->head_dim,
        .F = config->d_ff,
        .W = lm_config_mlp_width(config),
        .R = lm_config_rotary_dim(config),
        .embedding_scale = lm_config_embedding_scale(config),
        .V = config->vocab_size,
        .grad = grad,
        .err = err,
    };
    pass->HD = pass->H * pass->D;
    pass->Q = pass->HD + 2 * pass->K * pass->D;
    lm_pass_plan(pass);
    for (int32_t i = 0; i < batch->n_seqs; i++)
        for (int32_t n = batch->starts[i]; n < batch->starts[i + 1]; n++)
            decoder->positions[n] = n - batch->starts[i];
    return true;
}

/* ---- what it gives ---- */

static int64_t count(const struct lm_pass *pass)
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
    struct lm_pass pass;
    double sum, kl;
    if (!pass_begin(&pass, decoder, model, batch, NULL, err) || !lm_pass_forward(&pass) ||
        !lm_pass_loss(&pass, 0.0f, logprobs, &sum, &kl))
        return false;
    *loss = sum;
    *counted = count(&pass);
    return true;
}

/* The anchor's pass, up to the head. */
static bool anchor_forward(struct lm_pass *pass, const struct lm_anchor *anchor,
                           const struct lm_model *model, const struct lm_batch *batch,
                           struct leti_error *err)
{
    if (anchor->model->config.vocab_size != model->config.vocab_size)
        return leti_error_set(err, "a model of %d tokens cannot hold one of %d",
                              anchor->model->config.vocab_size, model->config.vocab_size);
    return pass_begin(pass, anchor->decoder, anchor->model, batch, NULL, err) &&
           lm_pass_forward(pass);
}

bool lm_decoder_backward_held(struct lm_decoder *decoder, const struct lm_model *model,
                              const struct lm_batch *batch, const struct lm_anchor *anchor,
                              float scale, float *grad, double *loss, double *kl, int64_t *counted,
                              struct leti_error *err)
{
    struct lm_pass pass, reference;
    double sum, divergence;
    if (scale == 0.0f || decoder->keeping == LM_KEEP_NOTHING)
        return leti_error_set(err, scale == 0.0f ? "a gradient at scale 0"
                                                 : "a gradient of a pass that has no way back");
    if ((anchor && !anchor_forward(&reference, anchor, model, batch, err)) ||
        !pass_begin(&pass, decoder, model, batch, grad, err) || !lm_pass_forward(&pass))
        return false;
    pass.anchor = anchor;
    pass.reference = anchor ? &reference : NULL;
    if (!lm_pass_loss(&pass, scale, NULL, &sum, &divergence) || !lm_pass_backward(&pass))
        return false;
    *loss = sum;
    *kl = divergence;
    *counted = count(&pass);
    return true;
}

bool lm_decoder_backward(struct lm_decoder *decoder, const struct lm_model *model,
                         const struct lm_batch *batch, float scale, float *grad, double *loss,
                         int64_t *counted, struct leti_error *err)
{
    double kl;
    return lm_decoder_backward_held(decoder, model, batch, NULL, scale, grad, loss, &kl, counted,
                                    err);
}

bool lm_decoder_logits(struct lm_decoder *decoder, const struct lm_model *model,
                       const struct lm_batch *batch, float *logits, struct leti_error *err)
{
    struct lm_pass pass;
    return pass_begin(&pass, decoder, model, batch, NULL, err) && lm_pass_forward(&pass) &&
           lm_pass_logits(&pass, 0, pass.N, logits);
}
