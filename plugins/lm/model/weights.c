/* weights.c - made for a model's shape, set when its parameters have changed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/weights.h"

#include <stdlib.h>

void lm_weights_init(struct lm_weights *w, bool backward)
{
    *w = (struct lm_weights){ .backward = backward };
}

void lm_weights_clear(struct lm_weights *w)
{
    for (int32_t l = 0; l < w->n_layers; l++) {
        lm_weight_destroy(w->layers[l].wqkv);
        lm_weight_destroy(w->layers[l].wo);
        lm_weight_destroy(w->layers[l].w_gate_up);
        lm_weight_destroy(w->layers[l].w_down);
    }
    lm_weight_destroy(w->head);
    free(w->layers);
    lm_weights_init(w, w->backward);
}

static bool create_layer(struct lm_weights *w, const struct lm_config *c,
                         struct lm_layer_weights *layer, struct leti_error *err)
{
    int64_t C = c->d_model, F = c->d_ff, HD = (int64_t)c->n_heads * c->head_dim;
    int64_t Q = HD + 2 * (int64_t)c->n_kv_heads * c->head_dim;
    return lm_weight_create(Q, C, w->precision, w->backward, &layer->wqkv, err) &&
           lm_weight_create(C, HD, w->precision, w->backward, &layer->wo, err) &&
           lm_weight_create(lm_config_mlp_width(c), C, w->precision, w->backward, &layer->w_gate_up,
                            err) &&
           lm_weight_create(C, F, w->precision, w->backward, &layer->w_down, err);
}

static bool create(struct lm_weights *w, const struct lm_model *model, struct leti_error *err)
{
    const struct lm_config *c = &model->config;
    lm_weights_clear(w);
    w->layers = calloc((size_t)c->n_layers, sizeof *w->layers);
    if (!w->layers)
        return leti_error_set(err, "out of memory");
    w->n_layers = c->n_layers;
    w->precision = model->precision;
    w->rows = c->vocab_size;
    for (int32_t l = 0; l < c->n_layers; l++)
        if (!create_layer(w, c, &w->layers[l], err))
            return false;
    return lm_weight_create(w->rows, c->d_model, w->precision, w->backward, &w->head, err);
}

bool lm_weights_update(struct lm_weights *w, const struct lm_model *model, struct leti_error *err)
{
    if (w->version == model->version && w->precision == model->precision && w->head)
        return true;
    if ((!w->head || w->precision != model->precision || w->rows != model->config.vocab_size) &&
        !create(w, model, err)) {
        lm_weights_clear(w);
        return false;
    }
    for (int32_t l = 0; l < w->n_layers; l++) {
        const struct lm_layer *at = &model->layers[l];
        lm_weight_set(w->layers[l].wqkv, model->params + at->wqkv);
        lm_weight_set(w->layers[l].wo, model->params + at->wo);
        lm_weight_set(w->layers[l].w_gate_up, model->params + at->w_gate_up);
        lm_weight_set(w->layers[l].w_down, model->params + at->w_down);
    }
    lm_weight_set(w->head, model->params + model->head);
    w->version = model->version;
    return true;
}
