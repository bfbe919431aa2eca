/* decoder_head.c - from the final norm to logits, loss and back, some hundred positions at a time:
 * the logits of all positions would be the largest array of all.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "train/decoder_pass.h"

enum { TILE = 64 /* rows of the head's gradient that are one share */ };

/* logits [rows][V] from the final norm's output. */
static bool logits_of(const struct lm_pass *pass, int64_t first, int64_t rows, float *logits,
                      struct leti_error *err)
{
    const struct lm_decoder *d = pass->decoder;
    const struct lm_model *model = pass->model;
    if (!lm_linear(d->products, d->weights.head, d->attn.out + first * pass->C, logits, 0.0f, rows,
                   err))
        return false;
    if (model->head_bias != LM_NONE)
        lm_bias(logits, model->params + model->head_bias, rows, pass->V);
    return true;
}

bool lm_pass_logits(const struct lm_pass *pass, int64_t first, int64_t rows, float *logits)
{
    return logits_of(pass, first, rows, logits, pass->err);
}

/* The positions that the head takes at a time, while they are in work. */
struct head {
    const struct lm_pass *pass;
    struct lm_rows rows;
    float scale;
    float *logprobs; /* of all positions; may be NULL */
    double losses[LM_HEAD_ROWS], kls[LM_HEAD_ROWS];
};

/* The loss of a block, `first` of all positions, whose logits turn into their gradient. */
static bool block_loss(struct head *head, int64_t first, struct lm_rows block, float *logits,
                       struct leti_error *err)
{
    const struct lm_pass *pass = head->pass, *other = pass->reference;
    const int32_t *targets = pass->batch->targets + first;
    double *loss = &head->losses[block.first], *kl = &head->kls[block.first];
    *kl = 0.0;
    if (!other) {
        *loss = lm_cross_entropy(logits, targets, pass->grad ? head->scale : 0.0f,
                                 head->logprobs ? head->logprobs + first : NULL, block.n, pass->V);
        return true;
    }
    float *reference = other->decoder->logits + block.first * pass->V;
    if (!logits_of(other, first, block.n, reference, err))
        return false;
    struct lm_penalty penalty = { pass->anchor->kind, pass->anchor->weight, reference,
                                  pass->anchor->held + first };
    *loss = lm_cross_entropy_held(logits, targets, head->scale, &penalty, kl, block.n, pass->V);
    return true;
}

/* Logits of a block, its loss, and the gradient of what it was made from. block.first counts from
 * the first row in work. */
static bool head_block(void *context, struct lm_rows block, struct leti_error *err)
{
    struct head *head = context;
    const struct lm_pass *pass = head->pass;
    const struct lm_decoder *d = pass->decoder;
    int64_t first = head->rows.first + block.first, at = first * pass->C;
    float *logits = d->logits + block.first * pass->V;
    if (!logits_of(pass, first, block.n, logits, err) ||
        !block_loss(head, first, block, logits, err))
        return false;
    return !pass->grad || lm_linear_backward(d->products, d->weights.head, logits,
                                             d->attn.dout + at, block.n, err);
}

/* The gradient of some of the head's rows, v.first .. */
static bool head_gradient(void *context, struct lm_rows v, struct leti_error *err)
{
    struct head *head = context;
    const struct lm_pass *pass = head->pass;
    const struct lm_decoder *d = pass->decoder;
    return lm_linear_gradient(d->products, pass->model->precision, d->logits + v.first, pass->V,
                              d->attn.out + head->rows.first * pass->C,
                              pass->grad + pass->model->head + v.first * pass->C, v.n, pass->C,
                              head->rows.n, err);
}

/* Adds the loss and divergence of the rows in work, the blocks' in their order. */
static bool head_rows(struct head *head, double *loss, double *kl)
{
    const struct lm_pass *pass = head->pass;
    bool together = pass->block == pass->N;
    int64_t n = head->rows.n, size = together ? n : lm_least(pass->block, 128);
    if (!lm_share_out(head_block, head, n, size, pass->err))
        return false;
    for (int64_t first = 0; first < n; first += size) {
        *loss += head->losses[first];
        *kl += head->kls[first];
    }
    if (pass->grad && pass->model->head_bias != LM_NONE)
        lm_bias_backward(pass->decoder->logits, pass->grad + pass->model->head_bias, n, pass->V);
    return !pass->grad ||
           lm_share_out(head_gradient, head, pass->V, together ? pass->V : TILE, pass->err);
}

bool lm_pass_loss(const struct lm_pass *pass, float scale, float *logprobs, double *loss,
                  double *kl)
{
    struct head head = { .pass = pass, .scale = scale, .logprobs = logprobs };
    *loss = *kl = 0.0;
    for (int64_t first = 0; first < pass->N; first += LM_HEAD_ROWS) {
        head.rows = (struct lm_rows){ first, lm_least(LM_HEAD_ROWS, pass->N - first) };
        if (!head_rows(&head, loss, kl))
            return false;
    }
    return true;
}
