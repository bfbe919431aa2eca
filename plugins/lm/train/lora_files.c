/* lora_files.c - adapters from and to PEFT's folders.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "train/lora.h"

#include <jansson.h>
#include <stdlib.h>

#include "model/files.h"
#include "model/model_tensors.h"

enum { CONFIG_LIMIT = 16 << 20 /* bytes */, ROWS_LIMIT = 1 << 20 };

static const char config_name[] = "adapter_config.json",
                  weights_name[] = "adapter_model.safetensors";

/* How a file keeps an adapter's tensor: B's rows lie as those of the matrix that it adapts. */
static struct lm_storage storage_of(const struct lm_lora *lora, const struct lm_model *m, size_t i)
{
    struct lm_storage storage = { 0 };
    if (i < 2 * lora->n_targets && i % 2)
        storage.rows = m->tensors[lora->targets[i / 2].tensor].storage.rows;
    return storage;
}

bool lm_lora_exists(const char *dir)
{
    char path[PATH_MAX];
    struct leti_error err;
    return lm_path(dir, config_name, path, &err) && lm_file_exists(path);
}

static bool read_config(const char *dir, char *path, json_t **out, struct leti_error *err)
{
    return lm_path(dir, config_name, path, err) && lm_json_read(path, CONFIG_LIMIT, out, err);
}

bool lm_lora_base(const char *dir, char *base, struct leti_error *err)
{
    char path[PATH_MAX];
    json_t *json = NULL;
    if (!read_config(dir, path, &json, err))
        return false;
    const char *name = json_string_value(json_object_get(json, "base_model_name_or_path"));
    bool ok = name && *name && strlen(name) < PATH_MAX;
    if (ok)
        strcpy(base, name);
    else
        leti_error_set(err, "%s: base_model_name_or_path is no folder", path);
    json_decref(json);
    return ok;
}

/* ---- reading ---- */

/* What would make it another function than W0 + (alpha / r) B A. */
static bool check_plain(const char *path, const json_t *json, struct leti_error *err)
{
    static const char *const refused[] = { "use_dora",        "use_rslora",       "lora_bias",
                                           "modules_to_save", "rank_pattern",     "alpha_pattern",
                                           "layers_pattern",  "exclude_modules",  "use_qalora",
                                           "use_bdlora",      "target_parameters" };
    const char *type = json_string_value(json_object_get(json, "peft_type"));
    if (!type || strcmp(type, "LORA"))
        return leti_error_set(err, "%s: peft_type is %.40s, LORA is read", path,
                              type ? type : "missing");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const json_t *value = json_object_get(json, refused[i]);
        bool set = json_is_true(value) || json_is_string(value) || json_array_size(value) ||
                   json_object_size(value);
        if (set)
            return leti_error_set(err, "%s: %s is set, which is not read", path, refused[i]);
    }
    return true;
}

static bool has_target(const json_t *targets, const char *name)
{
    size_t i;
    const json_t *value;
    if (json_is_string(targets))
        return !strcmp(json_string_value(targets), name);
    json_array_foreach((json_t *)targets, i, value)
    {
        const char *text = json_string_value(value);
        if (text && !strcmp(text, name))
            return true;
    }
    return false;
}

/* PEFT writes the names of the modules in the place of "all-linear": the tensors tell, then. */
static bool check_targets(const char *path, const json_t *json, const struct lm_lora_config *config,
                          struct leti_error *err)
{
    const json_t *targets = json_object_get(json, "target_modules");
    size_t n = json_is_string(targets) ? 1 : json_array_size(targets);
    bool all = config->n_targets == 1 && !strcmp(config->targets[0], "all-linear");
    for (size_t i = 0; !all && i < config->n_targets; i++)
        if (n != config->n_targets || !has_target(targets, config->targets[i]))
            return leti_error_set(err, "%s: target_modules are not the targets asked for (%s)",
                                  path, config->targets[i]);
    return true;
}

static bool check_config(const char *path, const json_t *json, const struct lm_lora_config *config,
                         struct leti_error *err)
{
    const json_t *rank = json_object_get(json, "r"), *alpha = json_object_get(json, "lora_alpha");
    if (!check_plain(path, json, err))
        return false;
    if (json_integer_value(rank) != config->rank)
        return leti_error_set(err, "%s: r is %lld, the rank asked for is %d", path,
                              (long long)json_integer_value(rank), config->rank);
    if (json_number_value(alpha) != config->alpha)
        return leti_error_set(err, "%s: lora_alpha is %g, asked for is %g", path,
                              json_number_value(alpha), config->alpha);
    return check_targets(path, json, config, err);
}

static bool read_rows(const char *path, const json_t *json, const struct lm_model *m,
                      struct lm_lora *lora, struct leti_error *err)
{
    const json_t *list = json_object_get(json, "trainable_token_indices"), *value;
    if (json_is_object(list)) /* one list for the embedding, the same one for the head */
        list = json_object_iter_value(json_object_iter((json_t *)list));
    size_t n = json_array_size(list), i;
    if (n > ROWS_LIMIT)
        return leti_error_set(err, "%s: %zu trainable_token_indices, allowed are %d", path, n,
                              ROWS_LIMIT);
    int32_t *rows = calloc(n + 1, sizeof *rows);
    bool ok = rows || leti_error_set(err, "%s: out of memory", path);
    json_array_foreach((json_t *)list, i, value)
    {
        json_int_t token = json_is_integer(value) ? json_integer_value(value) : -1;
        if (ok && (token < 0 || token >= m->config.vocab_size))
            ok = leti_error_set(err, "%s: trainable_token_indices[%zu] is no token of the model",
                                path, i);
        if (ok)
            rows[i] = (int32_t)token;
    }
    ok = ok && lm_lora_add_rows(lora, m, rows, n, err);
    free(rows);
    return ok;
}

static bool read_tensor(struct lm_lora *lora, const struct lm_model *m, size_t i,
                        const struct lm_tensor_view *view, struct leti_error *err)
{
    const struct lm_tensor *t = &lora->tensors[i];
    struct lm_storage storage = storage_of(lora, m, i);
    float *stored = malloc((view->n + 1) * sizeof *stored);
    if (!stored)
        return leti_error_set(err, "out of memory for %s", t->name);
    lm_tensor_to_f32(view, stored);
    lm_tensor_unstore(&m->config, t, &storage, stored, lora->params + t->offset);
    free(stored);
    return true;
}

static bool read_tensors(struct lm_lora *lora, const struct lm_model *m, const char *dir,
                         struct leti_error *err)
{
    char path[PATH_MAX];
    struct lm_safetensors *file = NULL;
    if (!lm_path(dir, weights_name, path, err) || !lm_safetensors_open(path, &file, err))
        return false;
    bool ok = true;
    if (lm_safetensors_count(file) != lora->n_tensors)
        ok = leti_error_set(err, "%s: %zu tensors, its settings say %zu", path,
                            lm_safetensors_count(file), lora->n_tensors);
    for (size_t i = 0; ok && i < lora->n_tensors; i++) {
        const struct lm_tensor *t = &lora->tensors[i];
        const struct lm_tensor_view *view = lm_safetensors_find(file, t->name);
        if (!view)
            ok = leti_error_set(err, "%s: tensor %s is missing", path, t->name);
        else if (view->n_dims != 2 || view->dims[0] != t->rows || view->dims[1] != t->cols)
            ok = leti_error_set(err, "%s: tensor %s is not %lld x %lld", path, t->name,
                                (long long)t->rows, (long long)t->cols);
        else
            ok = read_tensor(lora, m, i, view, err);
    }
    lm_safetensors_close(file);
    return ok;
}

bool lm_lora_open(const struct lm_model *m, const struct lm_lora_config *config, const char *dir,
                  struct lm_lora **out, struct leti_error *err)
{
    char path[PATH_MAX];
    json_t *json = NULL;
    struct lm_lora *lora = NULL;
    bool ok = read_config(dir, path, &json, err) && check_config(path, json, config, err) &&
              lm_lora_create(m, config, 0, &lora, err) && read_rows(path, json, m, lora, err) &&
              read_tensors(lora, m, dir, err);
    json_decref(json);
    if (ok)
        *out = lora;
    else
        lm_lora_destroy(lora);
    return ok;
}

/* ---- writing ---- */

static json_t *targets_of(const struct lm_lora *lora)
{
    json_t *targets = json_array();
    if (lora->n_names == 1 && !strcmp(lora->names[0], "all-linear")) {
        json_decref(targets);
        return json_string(lora->names[0]);
    }
    for (size_t i = 0; i < lora->n_names; i++)
        json_array_append_new(targets, json_string(lora->names[i]));
    return targets;
}

/* A tied head follows its embedding. Otherwise each is called by its module's name. */
static json_t *rows_of(const struct lm_lora *lora, const struct lm_model *m)
{
    if (!lora->n_rows)
        return json_null();
    json_t *rows = json_array();
    for (size_t i = 0; i < lora->n_rows; i++)
        json_array_append_new(rows, json_integer(lora->rows[i]));
    if (m->head == m->embedding)
        return rows;
    json_t *both = json_object();
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct lm_tensor *t = &m->tensors[i];
        const char *part = strstr(t->name, ".weight");
        if (!part || (t->offset != m->embedding && t->offset != m->head))
            continue;
        const char *begin = part;
        while (begin > t->name && begin[-1] != '.')
            begin--;
        char name[sizeof t->name];
        snprintf(name, sizeof name, "%.*s", (int)(part - begin), begin);
        json_object_set(both, name, rows);
    }
    json_decref(rows);
    return both;
}

/* GPT-2's matrices lie transposed in its files. */
static bool is_transposed(const struct lm_lora *lora, const struct lm_model *m)
{
    return m->tensors[lora->targets[0].tensor].storage.transposed;
}

static json_t *config_of(const struct lm_lora *lora, const struct lm_model *m, const char *base)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:f, s:f, s:o, s:o, s:s, s:b, s:b, s:b}", "peft_type",
                     "LORA", "task_type", "CAUSAL_LM", "base_model_name_or_path", base, "r",
                     lora->rank, "lora_alpha", lora->alpha, "lora_dropout", 0.0, "target_modules",
                     targets_of(lora), "trainable_token_indices", rows_of(lora, m), "bias", "none",
                     "fan_in_fan_out", is_transposed(lora, m), "init_lora_weights", 1,
                     "inference_mode", 1);
}

static bool save_config(const struct lm_lora *lora, const struct lm_model *m, const char *base,
                        const char *dir, struct leti_error *err)
{
    char path[PATH_MAX];
    if (!lm_path(dir, config_name, path, err))
        return false;
    json_t *json = config_of(lora, m, base);
    bool ok = json ? lm_json_write(path, json, err)
                   : leti_error_set(err, "%s: \"%s\" is no UTF-8, or out of memory", path, base);
    json_decref(json);
    return ok;
}

static bool save_tensors(const struct lm_lora *lora, const struct lm_model *m, const char *dir,
                         struct leti_error *err)
{
    char path[PATH_MAX];
    if (!lm_path(dir, weights_name, path, err))
        return false;
    struct lm_tensor_source *sources = calloc(lora->n_tensors, sizeof *sources);
    float *stored = malloc(lora->n_params * sizeof *stored);
    bool ok = (sources && stored) || leti_error_set(err, "%s: out of memory", path);
    for (size_t i = 0; ok && i < lora->n_tensors; i++) {
        const struct lm_tensor *t = &lora->tensors[i];
        struct lm_storage storage = storage_of(lora, m, i);
        lm_tensor_store(&m->config, t, &storage, lora->params + t->offset, stored + t->offset);
        sources[i] = (struct lm_tensor_source){
            .name = t->name, .n_dims = 2, .dims = { t->rows, t->cols }, .data = stored + t->offset
        };
    }
    ok = ok && lm_safetensors_write(path, sources, lora->n_tensors, LM_F32, err);
    free(sources);
    free(stored);
    return ok;
}

bool lm_lora_save(const struct lm_lora *lora, const struct lm_model *m, const char *base,
                  const char *dir, struct leti_error *err)
{
    return lm_dir_make(dir, err) && save_config(lora, m, base, dir, err) &&
           save_tensors(lora, m, dir, err) && lm_dir_sync(dir, err);
}
