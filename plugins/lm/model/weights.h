/* weights.h - the matrices of a model in the form that products read.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_WEIGHTS_H
#define LM_WEIGHTS_H

#include "model/model.h"
#include "ops/ops.h"

struct lm_layer_weights {
    struct lm_weight *wqkv, *wo, *w_gate_up, *w_down; /* as in struct lm_layer */
};

struct lm_weights {
    bool backward;
    struct lm_layer_weights *layers;
    struct lm_weight *head;
    /* Whose they are: */
    int32_t n_layers;
    int64_t rows; /* of the head */
    enum lm_dtype precision;
    uint64_t version;
};

/* Without any matrix. backward: for training. */
void lm_weights_init(struct lm_weights *, bool backward);

/* Brings them to what the model's parameters are now, in its precision; nothing to do where they
 * have not changed. Models that follow one another differ in their vocabulary at most. */
bool lm_weights_update(struct lm_weights *, const struct lm_model *, struct leti_error *err);

void lm_weights_clear(struct lm_weights *);

#endif
