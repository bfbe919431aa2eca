/* learner.c - one optimizer step on a batch of sequences, in micro-batches.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"

struct learner {
    struct lm_model *model;
    struct lm_lora *lora; /* NULL: the model itself is trained */
    struct optimizer *optimizer;
    struct lm_decoder *decoder;
    float *grad;               /* as the model's parameters */
    float *lora_grad;          /* as the adapter's */
    int32_t *tokens, *targets; /* [micro_tokens] packed */
    int32_t *starts;           /* [micro_tokens + 1] */
    int64_t micro_tokens;
};

bool learner_create(struct lm_model *model, struct lm_lora *lora, struct optimizer *optimizer,
                    int64_t micro_tokens, bool recompute, struct learner **out,
                    struct leti_error *err)
{
    struct learner *learner = calloc(1, sizeof *learner);
    if (!learner)
        return leti_error_set(err, "out of memory");
    learner->model = model;
    learner->lora = lora;
    learner->optimizer = optimizer;
    learner->micro_tokens = micro_tokens;
    size_t n = (size_t)micro_tokens;
    if (!lm_buffer(model->n_params, sizeof *learner->grad, &learner->grad, err) ||
        (lora &&
         !lm_buffer(lora->n_params, sizeof *learner->lora_grad, &learner->lora_grad, err)) ||
        !lm_buffer(n, sizeof *learner->tokens, &learner->tokens, err) ||
        !lm_buffer(n, sizeof *learner->targets, &learner->targets, err) ||
        !lm_buffer(n + 1, sizeof *learner->starts, &learner->starts, err) ||
        !(recompute ? lm_decoder_create_recomputing
                    : lm_decoder_create)(&model->config, micro_tokens, &learner->decoder, err)) {
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
    free(learner->grad);
    free(learner->lora_grad);
    free(learner->tokens);
    free(learner->targets);
    free(learner->starts);
    free(learner);
}

/* The longest first; equal ones as they lie in the one array that holds them all. */
static int by_length(const void *a, const void *b)
{
    const struct sequence *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->tokens < y->tokens ? -1 : x->tokens > y->tokens;
}

/* Packs sequences from the first on, as many as fit. Returns their number. */
static size_t pack(struct learner *learner, const struct sequence *sequences, size_t n,
                   struct lm_batch *batch)
{
    int64_t used = 0;
    size_t i = 0;
    learner->starts[0] = 0;
    for (; i < n && used + sequences[i].n <= learner->micro_tokens; i++) {
        size_t bytes = (size_t)sequences[i].n * sizeof(int32_t);
        memcpy(learner->tokens + used, sequences[i].tokens, bytes);
        memcpy(learner->targets + used, sequences[i].targets, bytes);
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

/* All micro-batches of a batch; scale 0: the loss alone. */
static bool passes(struct learner *learner, struct sequence *sequences, size_t n, float scale,
                   struct outcome *out, struct leti_error *err)
{
    qsort(sequences, n, sizeof *sequences, by_length);
    for (size_t i = 0, packed; i < n; i += packed) {
        struct lm_batch batch;
        double loss;
        int64_t counted;
        packed = pack(learner, sequences + i, n - i, &batch);
        if (!packed)
            return leti_error_set(err, "a sequence of %d tokens: a pass takes %lld", sequences[i].n,
                                  (long long)learner->micro_tokens);
        if (scale == 0.0f ? !lm_decoder_loss(learner->decoder, learner->model, &batch, &loss,
                                             &counted, NULL, err)
                          : !lm_decoder_backward(learner->decoder, learner->model, &batch, scale,
                                                 learner->grad, &loss, &counted, err))
            return false;
        out->loss += loss;
        out->counted += counted;
        out->tokens += batch.starts[batch.n_seqs];
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

static void add(struct outcome *sum, const struct outcome *outcome)
{
    sum->loss += outcome->loss;
    sum->counted += outcome->counted;
    sum->tokens += outcome->tokens;
}

/* What the passes' gradient makes of the parameters. */
static bool update(struct learner *learner, struct lm_adamw *adamw, double max_norm, double *norm,
                   struct leti_error *err)
{
    struct parameters of = parameters_of(learner->model, learner->lora);
    float *grad = learner->lora ? learner->lora_grad : learner->grad;
    if (learner->lora && !lm_lora_backward(learner->lora, learner->model, learner->grad, grad, err))
        return false;
    *norm = gradient_norm(grad, of.n);
    if (!isfinite(*norm))
        return leti_error_set(err, "the gradient is not finite: the model has diverged; a lower "
                                   "learning rate or max_grad_norm helps");
    gradient_clip(grad, of.n, *norm, max_norm);
    optimizer_update(learner->optimizer, &of, grad, adamw);
    if (learner->lora && !lm_lora_merge(learner->lora, learner->model, err))
        return false;
    lm_model_changed(learner->model);
    return true;
}

bool learner_step(struct learner *learner, struct sequence *sequences, size_t n,
                  struct lm_adamw *adamw, double max_norm, struct outcome *out, double *norm,
                  struct leti_error *err)
{
    struct outcome outcome = { 0 };
    int64_t counted = count(sequences, n);
    *norm = 0.0;
    if (!counted)
        return true;
    memset(learner->grad, 0, learner->model->n_params * sizeof *learner->grad);
    if (!passes(learner, sequences, n, (float)(1.0 / (double)counted), &outcome, err))
        return false;
    if (!isfinite(outcome.loss))
        return leti_error_set(err, "the loss is not finite: the model has diverged; a lower "
                                   "learning rate or a warm-up helps");
    if (!update(learner, adamw, max_norm, norm, err))
        return false;
    add(out, &outcome);
    return true;
}

bool learner_loss(struct learner *learner, struct sequence *sequences, size_t n,
                  struct outcome *out, struct leti_error *err)
{
    struct outcome outcome = { 0 };
    if (!passes(learner, sequences, n, 0.0f, &outcome, err))
        return false;
    add(out, &outcome);
    return true;
}
