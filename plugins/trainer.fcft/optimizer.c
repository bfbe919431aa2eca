/* optimizer.c - AdamW's moments: beside the model in memory and on disk.
 *
 * On disk: optimizer.safetensors with two tensors for each one trained, NAME.m and NAME.v, and
 * trainer_state.json with the number of steps.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "optimizer.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/buffer.h"
#include "model/files.h"

static const char moments_name[] = "optimizer.safetensors", state_name[] = "trainer_state.json";

enum { NAME_SIZE = sizeof((struct lm_tensor *)0)->name + 2, STATE_LIMIT = 1 << 16 /* bytes */ };

struct parameters parameters_of(const struct lm_model *model, const struct lm_lora *lora)
{
    if (lora)
        return (struct parameters){ lora->params, lora->tensors, lora->n_tensors, lora->n_params };
    return (struct parameters){ model->params, model->tensors, model->n_tensors, model->n_params };
}

void optimizer_clear(struct optimizer *optimizer)
{
    free(optimizer->m);
    free(optimizer->v);
    free(optimizer->layout);
    *optimizer = (struct optimizer){ 0 };
}

/* ---- fitting ---- */

static bool make(const struct parameters *of, struct optimizer *out, struct leti_error *err)
{
    struct optimizer made = { .n_tensors = of->n_tensors, .n_params = of->n };
    made.layout = malloc(of->n_tensors * sizeof *made.layout);
    if (!made.layout)
        return leti_error_set(err, "out of memory");
    memcpy(made.layout, of->tensors, of->n_tensors * sizeof *made.layout);
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

bool optimizer_fit(struct optimizer *optimizer, const struct parameters *of, struct leti_error *err)
{
    if (optimizer->n_params == of->n)
        return true;
    struct optimizer made;
    if (!make(of, &made, err))
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
    bool rows = view->n_dims == 2 && view->dims[1] == tensor->cols && view->dims[0] <= tensor->rows;
    bool bias = view->n_dims == 2 && view->dims[0] == 1 && tensor->rows == 1 &&
                view->dims[1] <= tensor->cols;
    if (!rows && !bias)
        return leti_error_set(err, "%s: tensor %s does not fit %lld x %lld parameters", path, name,
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

bool optimizer_load(struct optimizer *optimizer, const struct parameters *of, const char *dir,
                    struct leti_error *err)
{
    char moments[PATH_MAX], state[PATH_MAX];
    struct optimizer made;
    if (!lm_path(dir, moments_name, moments, err) || !lm_path(dir, state_name, state, err) ||
        !make(of, &made, err))
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

/* Blocks, each summed by one thread, and then the blocks in their order: no sum depends on how
 * many threads there are or which one comes first. */
double gradient_norm(const float *grad, size_t n)
{
    enum { BLOCK = 1 << 16, BLOCKS = 256 };
    double total = 0.0;
    for (size_t first = 0; first < n; first += (size_t)BLOCK * BLOCKS) {
        double sums[BLOCKS] = { 0 };
#pragma omp parallel for schedule(static)
        for (int b = 0; b < BLOCKS; b++) {
            size_t begin = first + (size_t)b * BLOCK, end = begin + BLOCK < n ? begin + BLOCK : n;
            for (size_t i = begin; i < end; i++)
                sums[b] += (double)grad[i] * (double)grad[i];
        }
        for (int b = 0; b < BLOCKS; b++)
            total += sums[b];
    }
    return sqrt(total);
}

void gradient_clip(float *grad, size_t n, double norm, double most)
{
    double share = most / (norm + 1e-6);
    if (most <= 0.0 || !(share < 1.0))
        return;
    float scale = (float)share;
#pragma omp parallel for simd schedule(static)
    for (size_t i = 0; i < n; i++)
        grad[i] *= scale;
}

void optimizer_update(struct optimizer *optimizer, const struct parameters *of, const float *grad,
                      struct lm_adamw *adamw)
{
    adamw->step = ++optimizer->step;
    for (size_t i = 0; i < of->n_tensors; i++) {
        const struct lm_tensor *tensor = &of->tensors[i];
        size_t at = tensor->offset;
        lm_adamw_update(adamw, of->values + at, grad + at, optimizer->m + at, optimizer->v + at,
                        (size_t)(tensor->rows * tensor->cols), tensor->decay);
    }
}
