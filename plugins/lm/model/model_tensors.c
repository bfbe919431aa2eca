/* model_tensors.c - what differs only in how files keep a tensor is undone when it is read.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/model_tensors.h"

#include <stdlib.h>

#include "model/model_layout.h"

/* ---- storage ---- */

bool lm_storage_is_plain(const struct lm_storage *s)
{
    return !s->transposed && s->rows == LM_ROWS_AS_THEY_ARE && s->less == 0.0f;
}

/* Of the rows of one head: pairs are neighbours in the file, halves here. */
static int64_t paired_row(const struct lm_config *c, int64_t row)
{
    int64_t R = lm_config_rotary_dim(c), head = row / c->head_dim, i = row % c->head_dim;
    if (i < R)
        i = i < R / 2 ? 2 * i : 2 * (i - R / 2) + 1;
    return head * c->head_dim + i;
}

/* Of the rows of q, k and v: four blocks, each with q, v and k of a quarter of the heads. */
static int64_t codegen_row(const struct lm_config *c, int64_t row)
{
    enum { BLOCKS = 4 };
    static const int64_t places[] = { 0, 2, 1 }; /* of q, k and v within a block */
    int64_t all = (int64_t)c->n_heads * c->head_dim, part = all / BLOCKS;
    int64_t which = row / all, at = row % all;
    if (which < 2)
        at = paired_row(c, at);
    return (3 * (at / part) + places[which]) * part + at % part;
}

/* Which row of the file is this row. */
static int64_t stored_row(const struct lm_config *c, enum lm_row_order order, int64_t row)
{
    switch (order) {
    case LM_ROWS_PAIRED:
        return paired_row(c, row);
    case LM_ROWS_CODEGEN:
        return codegen_row(c, row);
    default:
        return row;
    }
}

/* A bias has an element where its matrix has a row. */
struct grid {
    int64_t rows, cols, row_step, col_step; /* steps in the file */
};

static struct grid grid_of(const struct lm_tensor *t, const struct lm_storage *s)
{
    if (t->bias)
        return (struct grid){ t->cols, 1, 1, 1 };
    if (s->transposed)
        return (struct grid){ t->rows, t->cols, 1, t->rows };
    return (struct grid){ t->rows, t->cols, t->cols, 1 };
}

void lm_tensor_unstore(const struct lm_config *c, const struct lm_tensor *t,
                       const struct lm_storage *s, const float *stored, float *out)
{
    struct grid g = grid_of(t, s);
    for (int64_t r = 0; r < g.rows; r++) {
        const float *from = stored + stored_row(c, s->rows, r) * g.row_step;
        for (int64_t i = 0; i < g.cols; i++)
            out[r * g.cols + i] = from[i * g.col_step] + s->less;
    }
}

void lm_tensor_store(const struct lm_config *c, const struct lm_tensor *t,
                     const struct lm_storage *s, const float *params, float *stored)
{
    struct grid g = grid_of(t, s);
    for (int64_t r = 0; r < g.rows; r++) {
        float *to = stored + stored_row(c, s->rows, r) * g.row_step;
        for (int64_t i = 0; i < g.cols; i++)
            to[i * g.col_step] = params[r * g.cols + i] - s->less;
    }
}

/* ---- loading ---- */

static bool check_shape(const struct lm_params_source *source, const struct lm_tensor *t,
                        const struct lm_stored *s, struct leti_error *err)
{
    bool vector = !t->decay;
    int64_t first = s->storage.transposed ? t->cols : t->rows;
    int64_t second = s->storage.transposed ? t->rows : t->cols;
    if (vector ? s->n_dims == 1 && s->dims[0] == t->cols
               : s->n_dims == 2 && s->dims[0] == first && s->dims[1] == second)
        return true;
    char shape[96] = "";
    for (size_t i = 0, used = 0; i < s->n_dims && used < sizeof shape; i++)
        used += (size_t)snprintf(shape + used, sizeof shape - used, i ? " x %lld" : "%lld",
                                 (long long)s->dims[i]);
    return leti_error_set(err, "%s: tensor %s has shape %s, the config says %lld x %lld",
                          source->name, t->name, shape, (long long)first, (long long)second);
}

static bool find(const struct lm_params_source *source, const struct lm_tensor *t,
                 struct lm_stored *out, struct leti_error *err)
{
    *out = (struct lm_stored){ .storage = t->storage };
    return (source->find(source->self, t, out) ||
            leti_error_set(err, "%s: tensor %s is missing", source->name, t->name)) &&
           check_shape(source, t, out, err);
}

static bool load(struct lm_model *m, const struct lm_params_source *source,
                 const struct lm_tensor *t, struct leti_error *err)
{
    struct lm_stored stored;
    float *params = m->params + t->offset;
    if (!find(source, t, &stored, err))
        return false;
    if (lm_storage_is_plain(&stored.storage))
        return source->read(source->self, t, params, err);
    float *elements = malloc((size_t)(t->rows * t->cols) * sizeof *elements);
    if (!elements)
        return leti_error_set(err, "%s: no memory for tensor %s", source->name, t->name);
    bool ok = source->read(source->self, t, elements, err);
    if (ok)
        lm_tensor_unstore(&m->config, t, &stored.storage, elements, params);
    free(elements);
    return ok;
}

bool lm_params_load(struct lm_model *m, const struct lm_params_source *source,
                    struct leti_error *err)
{
    struct lm_stored stored;
    for (size_t i = 0; i < m->n_tensors; i++)
        if (!find(source, &m->tensors[i], &stored, err))
            return false;
    if (!lm_layout_allocate(m, &m->params, err))
        return false;
    bool ok = true;
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < m->n_tensors; i++) {
        struct leti_error why;
        if (load(m, source, &m->tensors[i], &why))
            continue;
#pragma omp critical(lm_params_load)
        ok = leti_error_set(err, "%s", why.text);
    }
    return ok;
}
