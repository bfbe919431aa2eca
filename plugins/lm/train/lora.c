/* lora.c - low-rank adaptation: the matrices of an adapter and what follows from them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "train/lora.h"

#include <math.h>
#include <stdlib.h>

#include "ops/buffer.h"
#include "ops/ops.h"
#include "ops/random.h"

enum { ALIGNMENT = 64 / sizeof(float) /* elements */ };

static const char prefix[] = "base_model.model.", weight[] = ".weight";

static bool out_of_memory(struct leti_error *err)
{
    return leti_error_set(err, "out of memory for an adapter");
}

void lm_lora_destroy(struct lm_lora *lora)
{
    if (!lora)
        return;
    for (size_t i = 0; i < lora->n_names; i++)
        free(lora->names[i]);
    lm_products_destroy(lora->products);
    free(lora->names);
    free(lora->params);
    free(lora->tensors);
    free(lora->targets);
    free(lora->rows);
    free(lora->base);
    free(lora->scratch);
    free(lora);
}

static size_t size_of(const struct lm_tensor *t)
{
    return (size_t)(t->rows * t->cols);
}

/* ---- which matrices ---- */

/* Length of the name without ".weight"; 0 where it ends otherwise. */
static size_t module_length(const char *name)
{
    size_t n = strlen(name), end = sizeof weight - 1;
    return n > end && !strcmp(name + n - end, weight) ? n - end : 0;
}

/* The last component of the module's name. */
static const char *last_part(const char *name, size_t *length)
{
    size_t n = module_length(name), begin = n;
    while (begin > 0 && name[begin - 1] != '.')
        begin--;
    *length = n - begin;
    return name + begin;
}

static bool is_called(const struct lm_tensor *t, const char *target)
{
    size_t n;
    const char *part = last_part(t->name, &n);
    return n && strlen(target) == n && !memcmp(part, target, n);
}

/* A matrix that multiplies: no table of tokens or positions. */
static bool is_linear(const struct lm_model *m, const struct lm_tensor *t)
{
    return t->rows > 1 && module_length(t->name) && t->offset != m->embedding &&
           t->offset != m->head && !is_called(t, "wpe");
}

static bool is_target(const struct lm_model *m, const struct lm_tensor *t, const char *target)
{
    return is_linear(m, t) && (!strcmp(target, "all-linear") || is_called(t, target));
}

static bool refuse_target(const struct lm_model *m, const char *target, struct leti_error *err)
{
    char known[256] = "";
    for (size_t i = 0, used = 0; i < m->n_tensors && used < sizeof known; i++) {
        size_t n;
        const char *part = last_part(m->tensors[i].name, &n);
        char name[96 + 3];
        snprintf(name, sizeof name, ", %.*s", (int)n, part);
        if (is_linear(m, &m->tensors[i]) && !strstr(known, name))
            used += (size_t)snprintf(known + used, sizeof known - used, "%s", name);
    }
    return leti_error_set(err, "the model has no matrices called %.100s; it has all-linear%s",
                          target, known);
}

static bool check_targets(const struct lm_model *m, const struct lm_lora_config *config,
                          struct leti_error *err)
{
    if (!config->n_targets)
        return leti_error_set(err, "an adapter needs a target");
    for (size_t k = 0; k < config->n_targets; k++) {
        bool found = false;
        for (size_t i = 0; !found && i < m->n_tensors; i++)
            found = is_target(m, &m->tensors[i], config->targets[k]);
        if (!found)
            return refuse_target(m, config->targets[k], err);
    }
    return true;
}

static bool choose(struct lm_lora *lora, const struct lm_model *m, struct leti_error *err)
{
    size_t base = 0;
    lora->targets = calloc(m->n_tensors, sizeof *lora->targets);
    if (!lora->targets)
        return out_of_memory(err);
    for (size_t i = 0; i < m->n_tensors; i++) {
        bool chosen = false;
        for (size_t k = 0; !chosen && k < lora->n_names; k++)
            chosen = is_target(m, &m->tensors[i], lora->names[k]);
        if (!chosen)
            continue;
        lora->targets[lora->n_targets++] = (struct lm_lora_target){ i, base };
        base += size_of(&m->tensors[i]);
    }
    return lm_buffer(base, sizeof *lora->base, &lora->base, err);
}

/* ---- where they lie ---- */

struct layout {
    struct lm_tensor *tensors;
    size_t n, next;
};

__attribute__((format(printf, 5, 6))) static void place(struct layout *l, const char *module,
                                                        int64_t rows, int64_t cols, const char *end,
                                                        ...)
{
    struct lm_tensor *t = &l->tensors[l->n++];
    int used =
        snprintf(t->name, sizeof t->name, "%s%.*s.", prefix, (int)module_length(module), module);
    va_list args;
    va_start(args, end);
    if (used > 0 && (size_t)used < sizeof t->name)
        vsnprintf(t->name + used, sizeof t->name - (size_t)used, end, args);
    va_end(args);
    t->offset = l->next;
    t->rows = rows;
    t->cols = cols;
    t->decay = true;
    l->next += (size_t)(rows * cols);
    l->next = (l->next + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static const char *name_at(const struct lm_model *m, size_t offset)
{
    for (size_t i = 0; i < m->n_tensors; i++)
        if (m->tensors[i].offset == offset)
            return m->tensors[i].name;
    return "";
}

static void place_rows(struct layout *l, const struct lm_model *m, size_t n)
{
    static const char end[] = "token_adapter.trainable_tokens_delta";
    int64_t C = m->config.d_model;
    if (!n)
        return;
    place(l, name_at(m, m->embedding), (int64_t)n, C, "%s", end);
    if (m->head != m->embedding)
        place(l, name_at(m, m->head), (int64_t)n, C, "%s", end);
}

/* Makes room for all that is trained, with n_rows rows; what was there is copied over. */
static bool lay_out(struct lm_lora *lora, const struct lm_model *m, size_t n_rows,
                    struct leti_error *err)
{
    struct layout l = { .tensors = calloc(2 * lora->n_targets + 2, sizeof *l.tensors) };
    float *params;
    if (!l.tensors)
        return out_of_memory(err);
    for (size_t i = 0; i < lora->n_targets; i++) {
        const struct lm_tensor *w = &m->tensors[lora->targets[i].tensor];
        place(&l, w->name, lora->rank, w->cols, "lora_A%s", weight);
        place(&l, w->name, w->rows, lora->rank, "lora_B%s", weight);
    }
    place_rows(&l, m, n_rows);
    if (!lm_buffer(l.next, sizeof *params, &params, err)) {
        free(l.tensors);
        return false;
    }
    memset(params, 0, l.next * sizeof *params);
    for (size_t i = 0; i < lora->n_tensors; i++)
        memcpy(params + l.tensors[i].offset, lora->params + lora->tensors[i].offset,
               size_of(&lora->tensors[i]) * sizeof *params);
    free(lora->params);
    free(lora->tensors);
    lora->params = params;
    lora->tensors = l.tensors;
    lora->n_tensors = l.n;
    lora->n_params = l.next;
    return true;
}

/* ---- a new one ---- */

static bool copy_config(struct lm_lora *lora, const struct lm_lora_config *config,
                        struct leti_error *err)
{
    lora->rank = config->rank;
    lora->alpha = config->alpha;
    lora->names = calloc(config->n_targets, sizeof *lora->names);
    if (!lora->names)
        return out_of_memory(err);
    for (; lora->n_names < config->n_targets; lora->n_names++) {
        lora->names[lora->n_names] = strdup(config->targets[lora->n_names]);
        if (!lora->names[lora->n_names])
            return out_of_memory(err);
    }
    return true;
}

static bool make_scratch(struct lm_lora *lora, struct leti_error *err)
{
    size_t largest = 1;
    for (size_t i = 0; i < lora->n_tensors; i++)
        if (size_of(&lora->tensors[i]) > largest)
            largest = size_of(&lora->tensors[i]);
    return lm_buffer(largest, sizeof *lora->scratch, &lora->scratch, err) &&
           lm_products_create(&lora->products, err);
}

/* kaiming_uniform with a = sqrt(5), that is. */
static void draw(struct lm_lora *lora, uint64_t seed)
{
    struct lm_random random = { seed };
    for (size_t i = 0; i < lora->n_targets; i++) {
        const struct lm_tensor *a = &lora->tensors[2 * i];
        double bound = 1.0 / sqrt((double)a->cols);
        for (size_t k = 0; k < size_of(a); k++)
            lora->params[a->offset + k] = (float)(bound * (2.0 * lm_random_uniform(&random) - 1.0));
    }
}

bool lm_lora_create(const struct lm_model *m, const struct lm_lora_config *config, uint64_t seed,
                    struct lm_lora **out, struct leti_error *err)
{
    if (config->rank < 1)
        return leti_error_set(err, "an adapter's rank is %d, it must be at least 1", config->rank);
    if (!check_targets(m, config, err))
        return false;
    struct lm_lora *lora = calloc(1, sizeof *lora);
    if (!lora)
        return out_of_memory(err);
    if (!copy_config(lora, config, err) || !choose(lora, m, err) || !lay_out(lora, m, 0, err) ||
        !make_scratch(lora, err)) {
        lm_lora_destroy(lora);
        return false;
    }
    for (size_t i = 0; i < lora->n_targets; i++) {
        const struct lm_tensor *w = &m->tensors[lora->targets[i].tensor];
        memcpy(lora->base + lora->targets[i].base, m->params + w->offset,
               size_of(w) * sizeof *lora->base);
    }
    draw(lora, seed);
    *out = lora;
    return true;
}

/* ---- rows of tokens ---- */

static bool has_row(const struct lm_lora *lora, int32_t token)
{
    for (size_t i = 0; i < lora->n_rows; i++)
        if (lora->rows[i] == token)
            return true;
    return false;
}

/* Where the rows of a table start in the model: the first of the row tensors is the embedding's,
 * the second, if there is one, the head's. */
static size_t table_of(const struct lm_lora *lora, const struct lm_model *m, size_t tensor)
{
    return tensor == 2 * lora->n_targets ? m->embedding : m->head;
}

bool lm_lora_add_rows(struct lm_lora *lora, const struct lm_model *m, const int32_t *tokens,
                      size_t n, struct leti_error *err)
{
    size_t before = lora->n_rows, C = (size_t)m->config.d_model;
    int32_t *rows = realloc(lora->rows, (before + n + 1) * sizeof *rows);
    if (!rows)
        return out_of_memory(err);
    lora->rows = rows;
    for (size_t i = 0; i < n; i++)
        if (!has_row(lora, tokens[i]))
            rows[lora->n_rows++] = tokens[i];
    if (lora->n_rows == before)
        return true;
    if (!lay_out(lora, m, lora->n_rows, err)) {
        lora->n_rows = before;
        return false;
    }
    for (size_t t = 2 * lora->n_targets; t < lora->n_tensors; t++)
        for (size_t i = before; i < lora->n_rows; i++)
            memcpy(lora->params + lora->tensors[t].offset + i * C,
                   m->params + table_of(lora, m, t) + (size_t)rows[i] * C, C * sizeof(float));
    return true;
}

/* ---- there and back ---- */

static void scale(const float *x, float by, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = by * x[i];
}

static bool merge_target(struct lm_lora *lora, size_t i, struct lm_model *m, struct leti_error *err)
{
    const struct lm_tensor *w = &m->tensors[lora->targets[i].tensor];
    const struct lm_tensor *a = &lora->tensors[2 * i], *b = &lora->tensors[2 * i + 1];
    float *out = m->params + w->offset;
    memcpy(out, lora->base + lora->targets[i].base, size_of(w) * sizeof *out);
    scale(lora->params + b->offset, (float)(lora->alpha / lora->rank), lora->scratch, size_of(b));
    return lm_matmul(lora->products, lora->scratch, false, lora->params + a->offset, false, out,
                     1.0f, w->rows, w->cols, lora->rank, err);
}

bool lm_lora_merge(struct lm_lora *lora, struct lm_model *m, struct leti_error *err)
{
    size_t C = (size_t)m->config.d_model;
    for (size_t i = 0; i < lora->n_targets; i++)
        if (!merge_target(lora, i, m, err))
            return false;
    for (size_t t = 2 * lora->n_targets; t < lora->n_tensors; t++)
        for (size_t i = 0; i < lora->n_rows; i++)
            memcpy(m->params + table_of(lora, m, t) + (size_t)lora->rows[i] * C,
                   lora->params + lora->tensors[t].offset + i * C, C * sizeof(float));
    lm_model_changed(m);
    return true;
}

static bool target_backward(struct lm_lora *lora, size_t i, const struct lm_model *m,
                            const float *grad, float *out, struct leti_error *err)
{
    const struct lm_tensor *w = &m->tensors[lora->targets[i].tensor];
    const struct lm_tensor *a = &lora->tensors[2 * i], *b = &lora->tensors[2 * i + 1];
    const float *dw = grad + w->offset;
    float *da = out + a->offset, *db = out + b->offset, by = (float)(lora->alpha / lora->rank);
    if (!lm_matmul(lora->products, dw, false, lora->params + a->offset, true, db, 0.0f, w->rows,
                   lora->rank, w->cols, err) ||
        !lm_matmul(lora->products, lora->params + b->offset, true, dw, false, da, 0.0f, lora->rank,
                   w->cols, w->rows, err))
        return false;
    scale(da, by, da, size_of(a));
    scale(db, by, db, size_of(b));
    return true;
}

bool lm_lora_backward(struct lm_lora *lora, const struct lm_model *m, const float *grad, float *out,
                      struct leti_error *err)
{
    size_t C = (size_t)m->config.d_model;
    memset(out, 0, lora->n_params * sizeof *out); /* the gaps between tensors, above all */
    for (size_t i = 0; i < lora->n_targets; i++)
        if (!target_backward(lora, i, m, grad, out, err))
            return false;
    for (size_t t = 2 * lora->n_targets; t < lora->n_tensors; t++)
        for (size_t i = 0; i < lora->n_rows; i++)
            memcpy(out + lora->tensors[t].offset + i * C,
                   grad + table_of(lora, m, t) + (size_t)lora->rows[i] * C, C * sizeof *out);
    return true;
}
