/* optimizer.c - AdamW's moments: beside the model in memory and on disk.
 *
 * On disk: optimizer.safetensors with two tensors for each of the model's, NAME.m and NAME.v, and
 * trainer_state.json with the number of steps.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "optimizer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "files.h"

static const char moments_name[] = "optimizer.safetensors", state_name[] = "trainer_state.json";

enum { NAME_SIZE = sizeof((struct lm_tensor *)0)->name + 2, STATE_LIMIT = 1 << 16 /* bytes */ };

void optimizer_clear(struct optimizer *optimizer)
{
    free(optimizer->m);
    free(optimizer->v);
    free(optimizer->layout);
    *optimizer = (struct optimizer){ 0 };
}

/* ---- fitting ---- */

static bool make(const struct lm_model *model, struct optimizer *out, struct leti_error *err)
{
    struct optimizer made = { .n_tensors = model->n_tensors, .n_params = model->n_params };
    made.layout = malloc(model->n_tensors * sizeof *made.layout);
    if (!made.layout)
        return leti_error_set(err, "out of memory");
    memcpy(made.layout, model->tensors, model->n_tensors * sizeof *made.layout);
    if (!lm_buffer(made.n_params, sizeof *made.m, &made.m, err) ||
        !lm_buffer(made.n_params, sizeof *made.v, &made.v, err)) {
        optimizer_clear(&made);
        return false;
    }
    memset(made.m, 0, made.n_params * sizeof *made.m);
    memset(made.v, 0, made.n_params * sizeof *made.v);
    *out = made;
    return true;
}

bool optimizer_fit(struct optimizer *optimizer, const struct lm_model *model,
                   struct leti_error *err)
{
    if (optimizer->n_params == model->n_params)
        return true;
    struct optimizer made;
    if (!make(model, &made, err))
        return false;
    for (size_t i = 0; i < optimizer->n_tensors; i++) {
        const struct lm_tensor *from = &optimizer->layout[i], *to = &made.layout[i];
        size_t bytes = (size_t)(from->rows * from->cols) * sizeof(float);
        memcpy(made.m + to->offset, optimizer->m + from->offset, bytes);
        memcpy(made.v + to->offset, optimizer->v + from->offset, bytes);
    }
    made.step = optimizer->step;
    optimizer_clear(optimizer);
    *optimizer = made;
    return true;
}

/* ---- disk ---- */

static void moment_name(const struct lm_tensor *tensor, char moment, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%.*s.%c", (int)sizeof tensor->name - 1, tensor->name, moment);
}

static bool load_moment(const struct lm_safetensors *file, const char *path,
                        const struct lm_tensor *tensor, char moment, float *out,
                        struct leti_error *err)
{
    char name[NAME_SIZE];
    moment_name(tensor, moment, name);
    const struct lm_tensor_view *view = lm_safetensors_find(file, name);
    if (!view)
        return leti_error_set(err, "%s: tensor %s is missing", path, name);
    if (view->n_dims != 2 || view->dims[1] != tensor->cols || view->dims[0] > tensor->rows)
        return leti_error_set(err, "%s: tensor %s does not fit the model's %lld x %lld", path, name,
                              (long long)tensor->rows, (long long)tensor->cols);
    lm_tensor_to_f32(view, out + tensor->offset);
    return true;
}

static bool load_moments(struct optimizer *optimizer, const char *path, struct leti_error *err)
{
    struct lm_safetensors *file = NULL;
    if (!lm_safetensors_open(path, &file, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < optimizer->n_tensors; i++) {
        const struct lm_tensor *tensor = &optimizer->layout[i];
        ok = load_moment(file, path, tensor, 'm', optimizer->m, err) &&
             load_moment(file, path, tensor, 'v', optimizer->v, err);
    }
    lm_safetensors_close(file);
    return ok;
}

static bool load_step(const char *path, int64_t *step, struct leti_error *err)
{
    json_t *state = NULL;
    if (!lm_json_read(path, STATE_LIMIT, &state, err))
        return false;
    const json_t *value = json_object_get(state, "step");
    bool ok = json_is_integer(value) && json_integer_value(value) >= 0;
    if (ok)
        *step = json_integer_value(value);
    else
        leti_error_set(err, "%s: step is not a whole number from 0 on", path);
    json_decref(state);
    return ok;
}

bool optimizer_load(struct optimizer *optimizer, const struct lm_model *model, const char *dir,
                    struct leti_error *err)
{
    char moments[PATH_MAX], state[PATH_MAX];
    struct optimizer made;
    if (!lm_path(dir, moments_name, moments, err) || !lm_path(dir, state_name, state, err) ||
        !make(model, &made, err))
        return false;
    if (lm_file_exists(moments) &&
        (!load_moments(&made, moments, err) || !load_step(state, &made.step, err))) {
        optimizer_clear(&made);
        return false;
    }
    optimizer_clear(optimizer);
    *optimizer = made;
    return true;
}

static bool save_moments(const struct optimizer *optimizer, const char *path,
                         struct leti_error *err)
{
    size_t n = 2 * optimizer->n_tensors;
    struct lm_tensor_source *sources = calloc(n, sizeof *sources);
    char(*names)[NAME_SIZE] = calloc(n, sizeof *names);
    bool ok = sources && names;
    if (!ok)
        leti_error_set(err, "out of memory");
    for (size_t i = 0; ok && i < n; i++) {
        const struct lm_tensor *tensor = &optimizer->layout[i / 2];
        moment_name(tensor, i % 2 ? 'v' : 'm', names[i]);
        sources[i] = (struct lm_tensor_source){
            .name = names[i],
            .n_dims = 2,
            .dims = { tensor->rows, tensor->cols },
            .data = (i % 2 ? optimizer->v : optimizer->m) + tensor->offset,
        };
    }
    ok = ok && lm_safetensors_write(path, sources, n, LM_F32, err);
    free(sources);
    free(names);
    return ok;
}

bool optimizer_save(const struct optimizer *optimizer, const char *dir, struct leti_error *err)
{
    char moments[PATH_MAX], path[PATH_MAX];
    if (!lm_path(dir, moments_name, moments, err) || !lm_path(dir, state_name, path, err) ||
        !save_moments(optimizer, moments, err))
        return false;
    json_t *state = json_pack("{sI}", "step", (json_int_t)optimizer->step);
    if (!state)
        return leti_error_set(err, "out of memory");
    bool ok = lm_json_write(path, state, err);
    json_decref(state);
    return ok;
}

/* ---- a step ---- */

void optimizer_update(struct optimizer *optimizer, struct lm_model *model, const float *grad,
                      struct lm_adamw *adamw)
{
    adamw->step = ++optimizer->step;
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct lm_tensor *tensor = &model->tensors[i];
        size_t at = tensor->offset;
        lm_adamw_update(adamw, model->params + at, grad + at, optimizer->m + at, optimizer->v + at,
                        (size_t)(tensor->rows * tensor->cols), tensor->decay);
    }
}
