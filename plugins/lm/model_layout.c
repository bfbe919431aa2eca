/* model_layout.c - where the tensors of a model lie within its parameters.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model_layout.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    ALIGNMENT = 64,    /* bytes, of the parameters and of every tensor's start */
    LAYER_TENSORS = 9, /* by Hugging Face's names */
    OTHER_TENSORS = 3, /* embedding, last norm, head */
};

/* Sizes are sums and products of fields that lm_config_check bounds: 64 bits hold each of them,
 * and the sum over the layers is checked. */
struct layout {
    struct lm_model *model;
    size_t next; /* element */
    bool overflow;
};

__attribute__((format(printf, 4, 5))) static size_t place(struct layout *l, int64_t rows,
                                                          int64_t cols, const char *name, ...)
{
    struct lm_tensor *t = &l->model->tensors[l->model->n_tensors++];
    va_list args;
    va_start(args, name);
    vsnprintf(t->name, sizeof t->name, name, args);
    va_end(args);
    t->rows = rows;
    t->cols = cols;
    t->decay = !strstr(t->name, "norm.weight");
    t->offset = l->next;
    l->overflow |= __builtin_add_overflow(l->next, (size_t)rows * (size_t)cols, &l->next);
    return t->offset;
}

/* Rounds the next start up: one product reads from it. Within a fused matrix there is no gap. */
static void align(struct layout *l)
{
    size_t step = ALIGNMENT / sizeof(float);
    l->overflow |= __builtin_add_overflow(l->next, step - 1, &l->next);
    l->next = l->next / step * step;
}

static void place_layer(struct layout *l, int32_t i)
{
    const struct lm_config *c = &l->model->config;
    struct lm_layer *layer = &l->model->layers[i];
    int64_t C = c->d_model, F = c->d_ff;
    int64_t q = (int64_t)c->n_heads * c->head_dim, kv = (int64_t)c->n_kv_heads * c->head_dim;

    layer->attn_norm = place(l, 1, C, "model.layers.%d.input_layernorm.weight", i);
    align(l);
    layer->wqkv = place(l, q, C, "model.layers.%d.self_attn.q_proj.weight", i);
    place(l, kv, C, "model.layers.%d.self_attn.k_proj.weight", i);
    place(l, kv, C, "model.layers.%d.self_attn.v_proj.weight", i);
    align(l);
    layer->wo = place(l, C, q, "model.layers.%d.self_attn.o_proj.weight", i);
    align(l);
    layer->mlp_norm = place(l, 1, C, "model.layers.%d.post_attention_layernorm.weight", i);
    align(l);
    layer->w_gate_up = place(l, F, C, "model.layers.%d.mlp.gate_proj.weight", i);
    place(l, F, C, "model.layers.%d.mlp.up_proj.weight", i);
    align(l);
    layer->w_down = place(l, C, F, "model.layers.%d.mlp.down_proj.weight", i);
    align(l);
}

static void place_all(struct layout *l)
{
    struct lm_model *m = l->model;
    int64_t V = m->config.vocab_size, C = m->config.d_model;
    m->embedding = place(l, V, C, "model.embed_tokens.weight");
    align(l);
    for (int32_t i = 0; i < m->config.n_layers; i++)
        place_layer(l, i);
    m->final_norm = place(l, 1, C, "model.norm.weight");
    align(l);
    m->head = m->embedding;
    if (!m->config.tied) {
        m->head = place(l, V, C, "lm_head.weight");
        align(l);
    }
    m->n_params = l->next;
}

bool lm_layout_make(const char *name, const struct lm_config *config, struct lm_model **out,
                    struct leti_error *err)
{
    if (!lm_config_check(name, config, err))
        return false;
    struct lm_model *model = calloc(1, sizeof *model);
    if (!model)
        return leti_error_set(err, "%s: no memory for a model", name);
    size_t n_layers = (size_t)config->n_layers;
    model->config = *config;
    lm_model_changed(model);
    model->tensors = calloc(n_layers * LAYER_TENSORS + OTHER_TENSORS, sizeof *model->tensors);
    model->layers = calloc(n_layers, sizeof *model->layers);
    if (!model->tensors || !model->layers) {
        leti_error_set(err, "%s: no memory for %zu layers", name, n_layers);
        goto fail;
    }
    struct layout layout = { .model = model };
    place_all(&layout);
    if (layout.overflow || model->n_params > SIZE_MAX / 2 / sizeof(float)) {
        leti_error_set(err, "%s: the sizes give more parameters than can be addressed", name);
        goto fail;
    }
    *out = model;
    return true;
fail:
    lm_model_close(model);
    return false;
}

bool lm_layout_allocate(const struct lm_model *model, float **params, struct leti_error *err)
{
    size_t size = model->n_params * sizeof(float); /* a multiple of ALIGNMENT */
    size_t memory = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    if (size > memory)
        return leti_error_set(err,
                              "the model needs %.1f GiB for its parameters, this machine has %.1f",
                              (double)size / 0x1p30, (double)memory / 0x1p30);
    float *array = aligned_alloc(ALIGNMENT, size);
    if (!array)
        return leti_error_set(err, "no memory for %zu parameters", model->n_params);
    memset(array, 0, size); /* the gaps between tensors stay zero for ever */
    *params = array;
    return true;
}
