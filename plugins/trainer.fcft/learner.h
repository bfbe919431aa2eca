/* learner.h - one optimizer step on a batch of sequences, in micro-batches.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FCFT_LEARNER_H
#define FCFT_LEARNER_H

#include "train/decoder.h"
#include "examples.h"
#include "optimizer.h"

struct learner;

/* What is trained, and how. All of it is borrowed. */
struct learning {
    struct lm_model *model;
    struct lm_lora *lora; /* NULL: the model itself is trained */
    struct optimizer *optimizer;
    int64_t micro_tokens; /* the most that one pass takes; each sequence must fit */
    bool recompute;       /* see lm_decoder_create_recomputing */

    const struct lm_model *anchor; /* that steps stay near to on tokens that are held; or NULL */
    enum lm_divergence divergence;
    float kl; /* its weight */
};

bool learner_create(const struct learning *, struct learner **out, struct leti_error *err);
void learner_destroy(struct learner *);

/* What passes came to. */
struct outcome {
    double loss;     /* summed over the counted tokens */
    double kl;       /* divergence from the anchor, summed over the held tokens */
    int64_t counted; /* tokens that the loss counts */
    int64_t held;    /* those of them for which the anchor was asked */
    int64_t tokens;  /* all */
    int64_t steps;
};

/* Loss, divergence and gradient are normalised by the number of counted tokens of the whole batch;
 * then the gradient's norm is cut to max_norm, unless that is 0. Changes the order of the
 * sequences. Without a counted token there is no step. A loss or gradient that is not finite is an
 * error, and leaves the parameters as they were. Adds to *out; *norm is what the gradient's was
 * before the cut, 0 without a step. */
bool learner_step(struct learner *, struct sequence *, size_t n, struct lm_adamw *, double max_norm,
                  struct outcome *out, double *norm, struct leti_error *err);

/* The loss alone. */
bool learner_loss(struct learner *, struct sequence *, size_t n, struct outcome *out,
                  struct leti_error *err);

#endif
