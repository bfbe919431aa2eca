/* learner.c - one optimizer step on a batch of sequences, in micro-batches.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/buffer.h"

struct learner {
    struct learning of;
    struct lm_decoder *decoder;
    struct lm_anchor anchor;          /* without a model: none */
    float *grad;                      /* as the model's parameters */
    float *lora_grad;                 /* as the adapter's */
    int32_t *tokens, *targets, *held; /* [micro_tokens] packed */
    int32_t *starts;                  /* [micro_tokens + 1] */
};

static bool create_anchor(struct learner *learner, struct leti_error *err)
{
    const struct learning *of = &learner->of;
    learner->anchor = (struct lm_anchor){
        .model = of->anchor, .kind = of->divergence, .weight = of->kl, .held = learner->held
    };
    return !of->anchor || lm_decoder_create_forward(&of->anchor->config, of->micro_tokens,
                                                    &learner->anchor.decoder, err);
}

bool learner_create(const struct learning *of, struct learner **out, struct leti_error *err)
{
    struct learner *learner = calloc(1, sizeof *learner);
    if (!learner)
        return leti_error_set(err, "out of memory");
    learner->of = *of;
    size_t n = (size_t)of->micro_tokens;
    if (!lm_buffer(of->model->n_params, sizeof *learner->grad, &learner->grad, err) ||
        (of->lora &&
         !lm_buffer(of->lora->n_params, sizeof *learner->lora_grad, &learner->lora_grad, err)) ||
        !lm_buffer(n, sizeof *learner->tokens, &learner->tokens, err) ||
        !lm_buffer(n, sizeof *learner->targets, &learner->targets, err) ||
        !lm_buffer(n, sizeof *learner->held, &learner->held, err) ||
        !lm_buffer(n + 1, sizeof *learner->starts, &learner->starts, err) ||
        !create_anchor(learner, err) ||
        !(of->recompute ? lm_decoder_create_recomputing : lm_decoder_create)(
            &of->model->config, of->micro_tokens, &learner->decoder, err)) {
        learner_destroy(learner);
        return false;
    }
    *out = learner;
    return true;
}

void learner_destroy(struct learner *learner)
{
    if (!learner)
        return;
    lm_decoder_destroy(learner->decoder);
    lm_decoder_destroy(learner->anchor.decoder);
    free(learner->grad);
    free(learner->lora_grad);
    free(learner->tokens);
    free(learner->targets);
    free(learner->held);
    free(learner->starts);
    free(learner);
}

static void outcome_add(struct outcome *sum, const struct outcome *outcome)
{
    sum->loss += outcome->loss;
    sum->kl += outcome->kl;
    sum->counted += outcome->counted;
    sum->held += outcome->held;
    sum->tokens += outcome->tokens;
    sum->steps += outcome->steps;
}

/* The longest first; equal ones as they lie in the one array that holds them all. */
static int by_length(const void *a, const void *b)
{
    const struct sequence *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->tokens < y->tokens ? -1 : x->tokens > y->tokens;
}

/* Packs sequences from the first on, as many as fit. Returns their number. Either all of a batch
 * have tokens that are held, or none. */
static size_t pack(struct learner *learner, const struct sequence *sequences, size_t n,
                   struct lm_batch *batch)
{
    int64_t used = 0;
    size_t i = 0;
    learner->starts[0] = 0;
    for (; i < n && used + sequences[i].n <= learner->of.micro_tokens; i++) {
        size_t bytes = (size_t)sequences[i].n * sizeof(int32_t);
        memcpy(learner->tokens + used, sequences[i].tokens, bytes);
        memcpy(learner->targets + used, sequences[i].targets, bytes);
        if (sequences[i].held)
            memcpy(learner->held + used, sequences[i].held, bytes);
        used += sequences[i].n;
        learner->starts[i + 1] = (int32_t)used;
    }
    *batch = (struct lm_batch){
        .tokens = learner->tokens,
        .targets = learner->targets,
        .starts = learner->starts,
        .n_seqs = (int32_t)i,
    };
    return i;
}

static int64_t count_held(const struct learner *learner, int32_t n)
{
    int64_t held = 0;
    for (int32_t i = 0; i < n; i++)
        held += learner->held[i] && learner->targets[i] >= 0;
    return held;
}

/* One micro-batch; scale 0: the loss alone. held: with the anchor. */
static bool pass(struct learner *learner, const struct lm_batch *batch, bool held, float scale,
                 struct outcome *out, struct leti_error *err)
{
    const struct lm_model *model = learner->of.model;
    struct outcome now = { .tokens = batch->starts[batch->n_seqs] };
    if (scale == 0.0f
            ? !lm_decoder_loss(learner->decoder, model, batch, &now.loss, &now.counted, NULL, err)
            : !lm_decoder_backward_held(learner->decoder, model, batch,
                                        held ? &learner->anchor : NULL, scale, learner->grad,
                                        &now.loss, &now.kl, &now.counted, err))
        return false;
    if (held)
        now.held = count_held(learner, (int32_t)now.tokens);
    outcome_add(out, &now);
    return true;
}

/* All micro-batches of a batch. */
static bool passes(struct learner *learner, struct sequence *sequences, size_t n, float scale,
                   struct outcome *out, struct leti_error *err)
{
    qsort(sequences, n, sizeof *sequences, by_length);
    for (size_t i = 0, packed; i < n; i += packed) {
        struct lm_batch batch;
        packed = pack(learner, sequences + i, n - i, &batch);
        if (!packed)
            return leti_error_set(err, "a sequence of %d tokens: a pass takes %lld", sequences[i].n,
                                  (long long)learner->of.micro_tokens);
        bool held = learner->anchor.model && sequences[i].held && scale != 0.0f;
        if (!pass(learner, &batch, held, scale, out, err))
            return false;
    }
    return true;
}

static int64_t count(const struct sequence *sequences, size_t n)
{
    int64_t counted = 0;
    for (size_t i = 0; i < n; i++)
        for (int32_t t = 0; t < sequences[i].n; t++)
            counted += sequences[i].targets[t] >= 0;
    return counted;
}

/* What the passes' gradient makes of the parameters. */
static bool update(struct learner *learner, struct lm_adamw *adamw, double max_norm, double *norm,
                   struct leti_error *err)
{
    const struct learning *l = &learner->of;
    struct parameters of = parameters_of(l->model, l->lora);
    float *grad = l->lora ? learner->lora_grad : learner->grad;
    if (l->lora && !lm_lora_backward(l->lora, l->model, learner->grad, grad, err))
        return false;
    *norm = gradient_norm(grad, of.n);
    if (!isfinite(*norm))
        return leti_error_set(err, "the gradient is not finite: the model has diverged; a lower "
                                   "learning rate or max_grad_norm helps");
    gradient_clip(grad, of.n, *norm, max_norm);
    optimizer_update(l->optimizer, &of, grad, adamw);
    if (l->lora && !lm_lora_merge(l->lora, l->model, err))
        return false;
    lm_model_changed(l->model);
    return true;
}

bool learner_step(struct learner *learner, struct sequence *sequences, size_t n,
                  struct lm_adamw *adamw, double max_norm, struct outcome *out, double *norm,
                  struct leti_error *err)
{
    struct outcome outcome = { .steps = 1 };
    int64_t counted = count(sequences, n);
    *norm = 0.0;
    if (!counted)
        return true;
    memset(learner->grad, 0, learner->of.model->n_params * sizeof *learner->grad);
    if (!passes(learner, sequences, n, (float)(1.0 / (double)counted), &outcome, err))
        return false;
    if (!isfinite(outcome.loss + outcome.kl))
        return leti_error_set(err, "the loss is not finite: the model has diverged; a lower "
                                   "learning rate or a warm-up helps");
    if (!update(learner, adamw, max_norm, norm, err))
        return false;
    outcome_add(out, &outcome);
    return true;
}

bool learner_loss(struct learner *learner, struct sequence *sequences, size_t n,
                  struct outcome *out, struct leti_error *err)
{
    struct outcome outcome = { 0 };
    if (!passes(learner, sequences, n, 0.0f, &outcome, err))
        return false;
    outcome_add(out, &outcome);
    return true;
}
