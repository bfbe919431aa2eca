/* decoder.h - the training pass of the decoder: loss and gradient of packed sequences.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_DECODER_H
#define LM_DECODER_H

#include "model/model.h"
#include "ops/ops.h"

/* Sequences in any order; the longest first keeps the threads busy to the end. */
struct lm_batch {
    const int32_t *tokens;  /* [N] packed */
    const int32_t *targets; /* [N] the token that follows; < 0: not counted. Logits need none. */
    const int32_t *starts;  /* [n_seqs + 1] */
    int32_t n_seqs;
};

/* Activations and scratch for up to max_tokens packed tokens; the hot path allocates nothing. For
 * models of this shape; their vocabulary may be smaller. */
struct lm_decoder;

bool lm_decoder_create(const struct lm_config *, int64_t max_tokens, struct lm_decoder **out,
                       struct leti_error *err);
/* The same, but of each layer only the input is kept, and the rest computed again on the way back:
 * it takes a fraction of the memory and a third more time. The numbers are the same. */
bool lm_decoder_create_recomputing(const struct lm_config *, int64_t max_tokens,
                                   struct lm_decoder **out, struct leti_error *err);
/* For losses and logits alone, in a small part of the memory. */
bool lm_decoder_create_forward(const struct lm_config *, int64_t max_tokens,
                               struct lm_decoder **out, struct leti_error *err);
void lm_decoder_destroy(struct lm_decoder *);

/* Sum of the counted tokens' losses into *loss, their number into *counted. logprobs [N]: may be
 * NULL. A token outside the vocabulary, a sequence longer than max_positions and more than
 * max_tokens tokens are errors. */
bool lm_decoder_loss(struct lm_decoder *, const struct lm_model *, const struct lm_batch *,
                     double *loss, int64_t *counted, float *logprobs, struct leti_error *err);

/* The same, and adds the gradient of scale (not 0) times the summed loss to grad [n_params]. The
 * same inputs and number of threads give the same bits. */
bool lm_decoder_backward(struct lm_decoder *, const struct lm_model *, const struct lm_batch *,
                         float scale, float *grad, double *loss, int64_t *counted,
                         struct leti_error *err);

/* A model of the same vocabulary that the one in training is to stay near to. */
struct lm_anchor {
    const struct lm_model *model;
    struct lm_decoder *decoder; /* that computes with it, for as many tokens */
    enum lm_divergence kind;
    float weight;
    const int32_t *held; /* [N] 0: the target there counts without it */
};

/* The same with weight times the divergence from the anchor at each counted token that it holds, as
 * lm_cross_entropy_held has it. *kl: the sum of the divergences, which *loss does not contain. */
bool lm_decoder_backward_held(struct lm_decoder *, const struct lm_model *, const struct lm_batch *,
                              const struct lm_anchor *, float scale, float *grad, double *loss,
                              double *kl, int64_t *counted, struct leti_error *err);

/* Logits of every position: logits [N][V]. For tests and `leti model logits`. */
bool lm_decoder_logits(struct lm_decoder *, const struct lm_model *, const struct lm_batch *,
                       float *logits, struct leti_error *err);

#endif
