/* model.c - a model in memory: made, given random parameters, extended, closed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include <math.h>
#include <stdlib.h>

#include "model/model_layout.h"
#include "ops/random.h"

static void draw(struct lm_random *random, double deviation, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(deviation * lm_random_normal(random));
}

static void draw_all(struct lm_model *m, uint64_t seed)
{
    struct lm_random random = { seed };
    double residual = 0.02 / sqrt(2.0 * m->config.n_layers);
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct lm_tensor *t = &m->tensors[i];
        float *data = m->params + t->offset;
        size_t n = (size_t)(t->rows * t->cols);
        if (t->bias)
            continue; /* 0 */
        if (!t->decay) {
            for (size_t k = 0; k < n; k++)
                data[k] = 1.0f;
        } else if (t->role == LM_ATTN_OUT || t->role == LM_DOWN) {
            draw(&random, residual, data, n);
        } else {
            draw(&random, 0.02, data, n);
        }
    }
}

bool lm_model_create(const struct lm_config *config, uint64_t seed, struct lm_model **out,
                     struct leti_error *err)
{
    struct lm_model *model;
    if (!lm_layout_make("model", config, &model, err))
        return false;
    if (!lm_layout_allocate(model, &model->params, err)) {
        lm_model_close(model);
        return false;
    }
    draw_all(model, seed);
    *out = model;
    return true;
}

void lm_model_changed(struct lm_model *model)
{
    static _Atomic uint64_t last;
    model->version = ++last;
}

void lm_model_close(struct lm_model *model)
{
    if (!model)
        return;
    lm_tokenizer_close(model->tokenizer);
    free(model->params);
    free(model->tensors);
    free(model->layers);
    free(model);
}

/* ---- special tokens ---- */

/* Of the rows of tokens that exist: those that no token used are where they drifted to. */
static double rows_deviation(const struct lm_model *m, size_t table)
{
    int32_t used = lm_tokenizer_size(m->tokenizer);
    size_t n = (size_t)used * (size_t)m->config.d_model;
    if (n == 0)
        return 0.02;
    const float *rows = m->params + table;
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        mean += rows[i];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (rows[i] - mean) * (rows[i] - mean);
    return sqrt(squares / (double)n);
}

static size_t count_new(const struct lm_model *m, const char *const *names, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        bool known = lm_tokenizer_special(m->tokenizer, names[i]) >= 0;
        for (size_t k = 0; !known && k < i; k++)
            known = strcmp(names[i], names[k]) == 0;
        count += !known;
    }
    return count;
}

/* Gives the model vocab_size rows; the rows that it has stay, new ones are zero. */
static bool grow(struct lm_model *m, int32_t vocab_size, struct leti_error *err)
{
    struct lm_config config = m->config;
    config.vocab_size = vocab_size;
    struct lm_model *wide;
    if (!lm_layout_make("model", &config, &wide, err))
        return false;
    if (!lm_layout_allocate(wide, &wide->params, err)) {
        lm_model_close(wide);
        return false;
    }
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct lm_tensor *t = &m->tensors[i];
        memcpy(wide->params + wide->tensors[i].offset, m->params + t->offset,
               (size_t)(t->rows * t->cols) * sizeof(float));
    }
    wide->tokenizer = m->tokenizer;
    wide->precision = m->precision;
    wide->batch_invariant = m->batch_invariant;
    struct lm_model old = *m;
    *m = *wide;
    *wide = old;
    wide->tokenizer = NULL;
    lm_model_close(wide);
    return true;
}

bool lm_model_add_specials(struct lm_model *m, const char *const *names, size_t n, uint64_t seed,
                           int32_t *ids, struct leti_error *err)
{
    if (!m->tokenizer)
        return leti_error_set(err, "special tokens need a tokenizer, this model has none");
    int32_t first_new = lm_tokenizer_size(m->tokenizer);
    size_t size = (size_t)first_new + count_new(m, names, n);
    if (size > INT32_MAX)
        return leti_error_set(err, "%zu special tokens are too many", n);
    double embedding = rows_deviation(m, m->embedding), head = rows_deviation(m, m->head);
    if (size > (size_t)m->config.vocab_size && !grow(m, (int32_t)size, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!lm_tokenizer_add_special(m->tokenizer, names[i], &ids[i], err))
            return false;
    }
    struct lm_random random = { seed };
    size_t C = (size_t)m->config.d_model;
    for (size_t row = (size_t)first_new; row < (size_t)lm_tokenizer_size(m->tokenizer); row++) {
        draw(&random, embedding, m->params + m->embedding + row * C, C);
        if (!m->config.tied)
            draw(&random, head, m->params + m->head + row * C, C);
        if (m->head_bias != LM_NONE)
            m->params[m->head_bias + row] = 0.0f; /* whatever nobody's row learnt */
    }
    lm_model_changed(m);
    return true;
}
