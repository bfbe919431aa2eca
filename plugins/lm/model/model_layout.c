/* model_layout.c - where the tensors of a model lie within its parameters.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/model_layout.h"

#include <stdlib.h>
#include <unistd.h>

#include "model/architectures.h"

enum {
    ALIGNMENT = 64,     /* bytes, of the parameters and of every tensor's start */
    LAYER_TENSORS = 22, /* at most */
    OTHER_TENSORS = 6,  /* embedding, positions, last norm, head; two have a bias */
};

/* Sizes are sums and products of fields that lm_config_check bounds: 64 bits hold each of them,
 * and the sum over the layers is checked. */
struct layout {
    struct lm_model *model;
    const struct lm_architecture *arch;
    int32_t layer; /* -1: of none */
    size_t next;   /* element */
    bool overflow;
    const char *nameless; /* what the architecture's files have no place for */
};

static bool is_norm(enum lm_role role)
{
    return role == LM_ATTN_NORM || role == LM_Q_NORM || role == LM_K_NORM ||
           role == LM_ATTN_POST_NORM || role == LM_MLP_NORM || role == LM_MLP_POST_NORM ||
           role == LM_FINAL_NORM;
}

static struct lm_storage storage_of(const struct layout *l, enum lm_role role, bool bias)
{
    struct lm_storage storage = { 0 };
    if (is_norm(role))
        return bias ? storage : l->arch->norms;
    if (l->layer >= 0 && !bias)
        storage = l->arch->matrices;
    if (role == LM_QKV || role == LM_Q || role == LM_K)
        storage.rows = l->arch->queries.rows;
    return storage;
}

static void name_tensor(struct layout *l, struct lm_tensor *t)
{
    const char *name = l->arch->names[t->role], *end = t->bias ? "bias" : "weight";
    const char *prefix = t->role == LM_HEAD ? "" : l->arch->prefix;
    if (!name)
        l->nameless = l->arch->model_type;
    else if (t->layer < 0)
        snprintf(t->name, sizeof t->name, "%s%s.%s", prefix, name, end);
    else
        snprintf(t->name, sizeof t->name, "%s%s.%d.%s.%s", prefix, l->arch->layers, t->layer, name,
                 end);
}

/* Where the last tensor ended. */
static size_t place(struct layout *l, enum lm_role role, bool bias, int64_t rows, int64_t cols)
{
    struct lm_tensor *t = &l->model->tensors[l->model->n_tensors++];
    t->role = role;
    t->layer = l->layer;
    t->bias = bias;
    t->rows = rows;
    t->cols = cols;
    t->decay = !bias && !is_norm(role);
    t->storage = storage_of(l, role, bias);
    t->offset = l->next;
    name_tensor(l, t);
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

static size_t matrix(struct layout *l, enum lm_role role, int64_t rows, int64_t cols)
{
    align(l);
    return place(l, role, false, rows, cols);
}

static size_t vector(struct layout *l, bool has, enum lm_role role, bool bias, int64_t n)
{
    if (!has)
        return LM_NONE;
    align(l);
    return place(l, role, bias, 1, n);
}

static void place_norm(struct layout *l, enum lm_role role, size_t *weight, size_t *bias)
{
    const struct lm_config *c = &l->model->config;
    *weight = vector(l, true, role, false, c->d_model);
    *bias = vector(l, c->norm == LM_LAYER_NORM, role, true, c->d_model);
}

/* Weights, or biases, of q, k and v one behind the other. */
static size_t place_qkv(struct layout *l, bool bias)
{
    const struct lm_config *c = &l->model->config;
    int64_t q = (int64_t)c->n_heads * c->head_dim, kv = (int64_t)c->n_kv_heads * c->head_dim;
    int64_t C = c->d_model;
    align(l);
    size_t start = l->next;
    if (l->arch->names[LM_QKV]) {
        place(l, LM_QKV, bias, bias ? 1 : q + 2 * kv, bias ? q + 2 * kv : C);
    } else {
        place(l, LM_Q, bias, bias ? 1 : q, bias ? q : C);
        place(l, LM_K, bias, bias ? 1 : kv, bias ? kv : C);
        place(l, LM_V, bias, bias ? 1 : kv, bias ? kv : C);
    }
    return start;
}

static size_t place_gate_up(struct layout *l, bool bias)
{
    const struct lm_config *c = &l->model->config;
    int64_t F = c->d_ff, C = c->d_model;
    align(l);
    size_t start = l->next;
    if (!c->plain_mlp)
        place(l, LM_GATE, bias, bias ? 1 : F, bias ? F : C);
    place(l, LM_UP, bias, bias ? 1 : F, bias ? F : C);
    return start;
}

static void place_layer(struct layout *l)
{
    const struct lm_config *c = &l->model->config;
    struct lm_layer *layer = &l->model->layers[l->layer];
    int64_t C = c->d_model, D = c->head_dim;

    place_norm(l, LM_ATTN_NORM, &layer->attn_norm, &layer->attn_norm_bias);
    layer->wqkv = place_qkv(l, false);
    layer->wqkv_bias = c->qkv_bias ? place_qkv(l, true) : LM_NONE;
    layer->q_norm = vector(l, c->qk_norm, LM_Q_NORM, false, D);
    layer->k_norm = vector(l, c->qk_norm, LM_K_NORM, false, D);
    layer->wo = matrix(l, LM_ATTN_OUT, C, c->n_heads * D);
    layer->wo_bias = vector(l, c->out_bias, LM_ATTN_OUT, true, C);
    layer->attn_post_norm = vector(l, c->post_norms, LM_ATTN_POST_NORM, false, C);
    layer->mlp_norm = layer->mlp_norm_bias = LM_NONE;
    if (!c->parallel)
        place_norm(l, LM_MLP_NORM, &layer->mlp_norm, &layer->mlp_norm_bias);
    layer->w_gate_up = place_gate_up(l, false);
    layer->w_gate_up_bias = c->mlp_bias ? place_gate_up(l, true) : LM_NONE;
    layer->w_down = matrix(l, LM_DOWN, C, c->d_ff);
    layer->w_down_bias = vector(l, c->mlp_bias, LM_DOWN, true, C);
    layer->mlp_post_norm = vector(l, c->post_norms, LM_MLP_POST_NORM, false, C);
}

static void place_all(struct layout *l)
{
    struct lm_model *m = l->model;
    const struct lm_config *c = &m->config;
    int64_t V = c->vocab_size, C = c->d_model;
    m->embedding = matrix(l, LM_EMBEDDING, V, C);
    m->positions = LM_NONE;
    if (c->learned_positions)
        m->positions = matrix(l, LM_POSITIONS, c->max_positions, C);
    for (l->layer = 0; l->layer < c->n_layers; l->layer++)
        place_layer(l);
    l->layer = -1;
    place_norm(l, LM_FINAL_NORM, &m->final_norm, &m->final_norm_bias);
    m->head = c->tied ? m->embedding : matrix(l, LM_HEAD, V, C);
    m->head_bias = vector(l, c->head_bias, LM_HEAD, true, V);
    align(l);
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
    struct layout layout = {
        .model = model,
        .arch = &lm_architectures[config->arch],
        .layer = -1,
    };
    place_all(&layout);
    if (layout.nameless) {
        leti_error_set(err, "%s: files of model_type \"%s\" have no place for all of its tensors",
                       name, layout.nameless);
        goto fail;
    }
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

/* By all threads: most of the time goes into the pages that are touched for the first time. */
static void clear(float *array, size_t n)
{
    enum { STEP = 1 << 18 };
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < n; i += STEP)
        memset(array + i, 0, (n - i < STEP ? n - i : STEP) * sizeof *array);
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
    clear(array, model->n_params); /* the gaps between tensors stay zero for ever */
    *params = array;
    return true;
}
