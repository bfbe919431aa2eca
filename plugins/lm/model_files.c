/* model_files.c - models from and to Hugging Face model folders.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <jansson.h>
#include <stdlib.h>

#include "files.h"
#include "model_layout.h"

enum { INDEX_LIMIT = 64 << 20 /* bytes */, MAX_SHARDS = 4096 };

/* The weight files of a folder: one, or shards with an index that says where a tensor is. */
struct weights {
    const char *dir;
    json_t *index; /* NULL: one file */
    size_t n;
    struct shard {
        char *name;
        struct lm_safetensors *file;
    } * shards;
};

static void weights_close(struct weights *w)
{
    for (size_t i = 0; i < w->n; i++) {
        lm_safetensors_close(w->shards[i].file);
        free(w->shards[i].name);
    }
    free(w->shards);
    json_decref(w->index);
}

static struct shard *find_shard(const struct weights *w, const char *name)
{
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->shards[i].name, name) == 0)
            return &w->shards[i];
    }
    return NULL;
}

static bool add_shard(struct weights *w, const char *name, struct leti_error *err)
{
    char path[PATH_MAX];
    if (!lm_path(w->dir, name, path, err))
        return false;
    if (w->n == MAX_SHARDS)
        return leti_error_set(err, "%s: more than %d shards", w->dir, MAX_SHARDS);
    struct shard *grown = realloc(w->shards, (w->n + 1) * sizeof *grown);
    if (!grown)
        return leti_error_set(err, "%s: no memory", path);
    w->shards = grown;
    struct shard shard = { strdup(name), NULL };
    if (!shard.name)
        return leti_error_set(err, "%s: no memory", path);
    if (!lm_safetensors_open(path, &shard.file, err)) {
        free(shard.name);
        return false;
    }
    w->shards[w->n++] = shard;
    return true;
}

static bool open_shards(struct weights *w, const char *path, struct leti_error *err)
{
    if (!lm_json_read(path, INDEX_LIMIT, &w->index, err))
        return false;
    const json_t *map = json_object_get(w->index, "weight_map");
    if (!json_is_object(map))
        return leti_error_set(err, "%s: weight_map is not a JSON object", path);
    const char *tensor;
    json_t *value;
    json_object_foreach((json_t *)map, tensor, value)
    {
        const char *name = json_string_value(value);
        if (!name || !*name || strchr(name, '/'))
            return leti_error_set(err, "%s: weight_map of %.200s is no name of a file beside it",
                                  path, tensor);
        if (!find_shard(w, name) && !add_shard(w, name, err))
            return false;
    }
    return true;
}

static bool weights_open(const char *dir, struct weights *out, struct leti_error *err)
{
    struct weights w = { .dir = dir };
    char path[PATH_MAX];
    if (!lm_path(dir, "model.safetensors.index.json", path, err))
        return false;
    bool sharded = lm_file_exists(path);
    if (!(sharded ? open_shards(&w, path, err) : add_shard(&w, "model.safetensors", err))) {
        weights_close(&w);
        return false;
    }
    *out = w;
    return true;
}

/* NULL where no file has it. */
static const struct lm_tensor_view *weights_find(const struct weights *w, const char *tensor)
{
    const struct shard *shard = &w->shards[0];
    if (w->index) {
        const json_t *map = json_object_get(w->index, "weight_map");
        const char *name = json_string_value(json_object_get(map, tensor));
        shard = name ? find_shard(w, name) : NULL;
    }
    return shard ? lm_safetensors_find(shard->file, tensor) : NULL;
}

static bool check_tensor(const struct weights *w, const struct lm_tensor *t, struct leti_error *err)
{
    const struct lm_tensor_view *view = weights_find(w, t->name);
    if (!view)
        return leti_error_set(err, "%s: tensor %s is missing", w->dir, t->name);
    bool vector = !t->decay && view->n_dims == 1 && view->dims[0] == t->cols;
    bool matrix =
        t->decay && view->n_dims == 2 && view->dims[0] == t->rows && view->dims[1] == t->cols;
    if (vector || matrix)
        return true;
    char shape[96] = "";
    for (size_t i = 0, used = 0; i < view->n_dims && used < sizeof shape; i++)
        used += (size_t)snprintf(shape + used, sizeof shape - used, i ? " x %lld" : "%lld",
                                 (long long)view->dims[i]);
    return leti_error_set(err, "%s: tensor %s has shape %s, config.json says %lld x %lld", w->dir,
                          t->name, shape, (long long)t->rows, (long long)t->cols);
}

/* Tensors that files carry though the model is whole without them. */
static bool is_surplus(const struct lm_model *m, const char *name)
{
    size_t n = strlen(name), m_freq = strlen(".rotary_emb.inv_freq");
    return (m->config.tied && strcmp(name, "lm_head.weight") == 0) ||
           (n > m_freq && strcmp(name + n - m_freq, ".rotary_emb.inv_freq") == 0);
}

static int by_tensor_name(const void *a, const void *b)
{
    const struct lm_tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* A tensor that the decoder would not use (a bias, say) means that it computes another function. */
static bool check_nothing_else(const struct weights *w, const struct lm_model *m,
                               struct leti_error *err)
{
    const struct lm_tensor **sorted = malloc(m->n_tensors * sizeof(struct lm_tensor *));
    if (!sorted)
        return leti_error_set(err, "%s: no memory", w->dir);
    for (size_t i = 0; i < m->n_tensors; i++)
        sorted[i] = &m->tensors[i];
    qsort(sorted, m->n_tensors, sizeof *sorted, by_tensor_name);
    bool ok = true;
    for (size_t s = 0; ok && s < w->n; s++) {
        for (size_t i = 0; ok && i < lm_safetensors_count(w->shards[s].file); i++) {
            const char *name = lm_safetensors_at(w->shards[s].file, i)->name;
            struct lm_tensor key;
            const struct lm_tensor *key_at = &key;
            snprintf(key.name, sizeof key.name, "%s", name);
            bool known = strlen(name) < sizeof key.name &&
                         bsearch(&key_at, sorted, m->n_tensors, sizeof *sorted, by_tensor_name);
            if (!known && !is_surplus(m, name))
                ok = leti_error_set(err, "%s/%s: tensor %.200s is no part of a Llama decoder",
                                    w->dir, w->shards[s].name, name);
        }
    }
    free(sorted);
    return ok;
}

static bool load_weights(struct lm_model *m, const char *dir, struct leti_error *err)
{
    struct weights w;
    if (!weights_open(dir, &w, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < m->n_tensors; i++)
        ok = check_tensor(&w, &m->tensors[i], err);
    ok = ok && check_nothing_else(&w, m, err) && lm_layout_allocate(m, &m->params, err);
    for (size_t i = 0; ok && i < m->n_tensors; i++)
        lm_tensor_to_f32(weights_find(&w, m->tensors[i].name), m->params + m->tensors[i].offset);
    weights_close(&w);
    return ok;
}

static bool load_tokenizer(struct lm_model *m, const char *dir, struct leti_error *err)
{
    if (!lm_tokenizer_open(dir, &m->tokenizer, err))
        return false;
    int32_t size = lm_tokenizer_size(m->tokenizer);
    if (size > m->config.vocab_size)
        return leti_error_set(err, "%s: tokenizer.json has %d ids, the embedding only %d rows", dir,
                              size, m->config.vocab_size);
    return true;
}

bool lm_model_open(const char *dir, struct lm_model **out, struct leti_error *err)
{
    struct lm_config config;
    struct lm_model *model;
    if (!lm_config_read(dir, &config, err) || !lm_layout_make(dir, &config, &model, err))
        return false;
    if (!load_tokenizer(model, dir, err) || !load_weights(model, dir, err)) {
        lm_model_close(model);
        return false;
    }
    *out = model;
    return true;
}

bool lm_model_random(const char *dir, uint64_t seed, struct lm_model **out, struct leti_error *err)
{
    struct lm_config config;
    struct lm_model *model;
    if (!lm_config_read(dir, &config, err) || !lm_model_create(&config, seed, &model, err))
        return false;
    if (!load_tokenizer(model, dir, err)) {
        lm_model_close(model);
        return false;
    }
    *out = model;
    return true;
}

/* ---- saving ---- */

static bool save_weights(const struct lm_model *m, const char *dir, enum lm_dtype dtype,
                         struct leti_error *err)
{
    char path[PATH_MAX];
    if (!lm_path(dir, "model.safetensors", path, err))
        return false;
    struct lm_tensor_source *sources = calloc(m->n_tensors, sizeof *sources);
    if (!sources)
        return leti_error_set(err, "%s: no memory", path);
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct lm_tensor *t = &m->tensors[i];
        bool vector = !t->decay;
        sources[i] = (struct lm_tensor_source){ .name = t->name,
                                                .n_dims = vector ? 1 : 2,
                                                .data = m->params + t->offset };
        sources[i].dims[0] = vector ? t->cols : t->rows;
        sources[i].dims[1] = t->cols;
    }
    bool ok = lm_safetensors_write(path, sources, m->n_tensors, dtype, err);
    free(sources);
    return ok;
}

static json_t *token_name(const struct lm_tokenizer *t, int32_t id)
{
    size_t size = 0;
    const char *name = id < 0 ? NULL : lm_tokenizer_bytes(t, id, &size);
    return name && lm_tokenizer_is_special(t, id) ? json_stringn(name, size) : json_null();
}

/* What `transformers` needs to open tokenizer.json, where the folder brought nothing along. */
static bool write_tokenizer_config(const struct lm_model *m, const char *dir,
                                   struct leti_error *err)
{
    char path[PATH_MAX];
    if (!lm_path(dir, "tokenizer_config.json", path, err))
        return false;
    json_t *json =
        json_pack("{s:s, s:i, s:b, s:o, s:o}", "tokenizer_class", "PreTrainedTokenizerFast",
                  "model_max_length", m->config.max_positions, "clean_up_tokenization_spaces", 0,
                  "bos_token", token_name(m->tokenizer, m->config.bos), "eos_token",
                  token_name(m->tokenizer, m->config.eos));
    bool ok = json ? lm_json_write(path, json, err) : leti_error_set(err, "%s: no memory", path);
    json_decref(json);
    return ok;
}

static bool save_tokenizer(const struct lm_model *m, const char *from_dir, const char *dir,
                           struct leti_error *err)
{
    static const char *const beside[] = { "tokenizer_config.json", "special_tokens_map.json",
                                          "generation_config.json" };
    bool copied[3] = { false };
    for (size_t i = 0; from_dir && i < 3; i++) {
        if (!lm_file_copy(from_dir, dir, beside[i], &copied[i], err))
            return false;
    }
    if (!m->tokenizer)
        return true;
    return lm_tokenizer_save(m->tokenizer, dir, err) &&
           (copied[0] || write_tokenizer_config(m, dir, err));
}

bool lm_model_save(const struct lm_model *m, const char *from_dir, const char *dir,
                   enum lm_dtype dtype, struct leti_error *err)
{
    return lm_dir_make(dir, err) && lm_config_write(&m->config, from_dir, dir, dtype, err) &&
           save_tokenizer(m, from_dir, dir, err) && save_weights(m, dir, dtype, err) &&
           lm_dir_sync(dir, err);
}
