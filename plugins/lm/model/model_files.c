/* model_files.c - models from and to Hugging Face model folders.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include <jansson.h>
#include <stdlib.h>

#include "model/architectures.h"
#include "model/files.h"
#include "model/model_gguf.h"
#include "model/model_layout.h"
#include "model/model_tensors.h"

enum { INDEX_LIMIT = 64 << 20 /* bytes */, MAX_SHARDS = 4096 };

/* The weight files of a folder: one, or shards with an index that says where a tensor is. */
struct weights {
    const char *dir;
    const char *prefix; /* of tensors' names; some folders leave it out */
    json_t *index;      /* NULL: one file */
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

static const struct lm_tensor_view *find_name(const struct weights *w, const char *tensor)
{
    const struct shard *shard = &w->shards[0];
    if (w->index) {
        const json_t *map = json_object_get(w->index, "weight_map");
        const char *name = json_string_value(json_object_get(map, tensor));
        shard = name ? find_shard(w, name) : NULL;
    }
    return shard ? lm_safetensors_find(shard->file, tensor) : NULL;
}

/* A tensor's name in folders that hold the model without its head. */
static const char *bare(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(name, prefix, n) == 0 ? name + n : name;
}

/* NULL where no file has it. */
static const struct lm_tensor_view *weights_find(const struct weights *w, const struct lm_tensor *t)
{
    const struct lm_tensor_view *view = find_name(w, t->name);
    return view ? view : find_name(w, bare(t->name, w->prefix));
}

static bool source_find(const void *self, const struct lm_tensor *t, struct lm_stored *out)
{
    const struct lm_tensor_view *view = weights_find(self, t);
    if (!view)
        return false;
    out->n_dims = view->n_dims;
    memcpy(out->dims, view->dims, sizeof out->dims);
    return true;
}

static bool source_read(const void *self, const struct lm_tensor *t, float *out,
                        struct leti_error *err)
{
    (void)err;
    lm_tensor_to_f32(weights_find(self, t), out);
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Tensors that files carry though the model is whole without them: tables of angles and masks. */
static bool is_surplus(const struct lm_model *m, const char *name)
{
    static const char *const ends[] = { ".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias",
                                        ".attn.causal_mask", ".attn.embed_positions" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(name, ends[i]))
            return true;
    }
    return m->config.tied && strcmp(name, "lm_head.weight") == 0;
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static bool is_known(const struct weights *w, const char *const *names, size_t n, const char *name)
{
    char full[sizeof((struct lm_tensor *)0)->name];
    const char *key = full;
    if (bsearch(&name, names, n, sizeof *names, by_name))
        return true;
    int length = snprintf(full, sizeof full, "%s%s", w->prefix, name);
    return length < (int)sizeof full && bsearch(&key, names, n, sizeof *names, by_name);
}

/* A tensor that the decoder would not use (a bias, say) means that it computes another function. */
static bool check_nothing_else(const struct weights *w, const struct lm_model *m,
                               struct leti_error *err)
{
    const char **names = malloc(m->n_tensors * sizeof *names);
    if (!names)
        return leti_error_set(err, "%s: no memory", w->dir);
    for (size_t i = 0; i < m->n_tensors; i++)
        names[i] = m->tensors[i].name;
    qsort(names, m->n_tensors, sizeof *names, by_name);
    bool ok = true;
    for (size_t s = 0; ok && s < w->n; s++) {
        for (size_t i = 0; ok && i < lm_safetensors_count(w->shards[s].file); i++) {
            const char *name = lm_safetensors_at(w->shards[s].file, i)->name;
            if (!is_known(w, names, m->n_tensors, name) && !is_surplus(m, name))
                ok = leti_error_set(err, "%s/%s: tensor %.200s is no part of a %s decoder", w->dir,
                                    w->shards[s].name, name,
                                    lm_architectures[m->config.arch].model_type);
        }
    }
    free(names);
    return ok;
}

bool lm_layout_load(struct lm_model *m, const char *dir, struct leti_error *err)
{
    struct weights w;
    if (!weights_open(dir, &w, err))
        return false;
    w.prefix = lm_architectures[m->config.arch].prefix;
    struct lm_params_source source = { dir, &w, source_find, source_read };
    bool ok = check_nothing_else(&w, m, err) && lm_params_load(m, &source, err);
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

static bool open_folder(const char *dir, struct lm_model **out, struct leti_error *err)
{
    struct lm_config config;
    struct lm_model *model;
    if (!lm_config_read(dir, &config, err) || !lm_layout_make(dir, &config, &model, err))
        return false;
    if (!load_tokenizer(model, dir, err) || !lm_layout_load(model, dir, err)) {
        lm_model_close(model);
        return false;
    }
    *out = model;
    return true;
}

bool lm_model_open(const char *path, struct lm_model **out, struct leti_error *err)
{
    char file[PATH_MAX];
    bool gguf;
    return lm_model_gguf_find(path, &gguf, file, err) &&
           (gguf ? lm_model_gguf_open(file, out, err) : open_folder(path, out, err));
}

bool lm_model_random(const char *path, uint64_t seed, struct lm_model **out, struct leti_error *err)
{
    struct lm_config config;
    struct lm_model *model;
    char file[PATH_MAX];
    bool gguf;
    if (!lm_model_gguf_find(path, &gguf, file, err))
        return false;
    if (gguf)
        return lm_model_gguf_random(file, seed, out, err);
    if (!lm_config_read(path, &config, err) || !lm_model_create(&config, seed, &model, err))
        return false;
    if (!load_tokenizer(model, path, err)) {
        lm_model_close(model);
        return false;
    }
    *out = model;
    return true;
}

/* ---- saving ---- */

/* A tensor in the order of files; *copy is the caller's to free, NULL where none was needed. */
static bool source_of(const struct lm_model *m, const struct lm_tensor *t,
                      struct lm_tensor_source *out, float **copy, struct leti_error *err)
{
    bool vector = !t->decay, swap = t->storage.transposed;
    *out = (struct lm_tensor_source){
        .name = t->name,
        .n_dims = vector ? 1 : 2,
        .dims = { vector || swap ? t->cols : t->rows, swap ? t->rows : t->cols },
        .data = m->params + t->offset,
    };
    if (lm_storage_is_plain(&t->storage))
        return true;
    *copy = malloc((size_t)(t->rows * t->cols) * sizeof **copy);
    if (!*copy)
        return leti_error_set(err, "no memory for tensor %s", t->name);
    lm_tensor_store(&m->config, t, &t->storage, out->data, *copy);
    out->data = *copy;
    return true;
}

static bool save_weights(const struct lm_model *m, const char *dir, enum lm_dtype dtype,
                         struct leti_error *err)
{
    char path[PATH_MAX];
    if (!lm_path(dir, "model.safetensors", path, err))
        return false;
    struct lm_tensor_source *sources = calloc(m->n_tensors, sizeof *sources);
    float **copies = calloc(m->n_tensors, sizeof *copies);
    bool ok = (sources && copies) || leti_error_set(err, "%s: no memory", path);
    for (size_t i = 0; ok && i < m->n_tensors; i++)
        ok = source_of(m, &m->tensors[i], &sources[i], &copies[i], err);
    ok = ok && lm_safetensors_write(path, sources, m->n_tensors, dtype, err);
    for (size_t i = 0; copies && i < m->n_tensors; i++)
        free(copies[i]);
    free(copies);
    free(sources);
    return ok;
}

static json_t *token_name(const struct lm_tokenizer *t, int32_t id)
{
    size_t size = 0;
    const char *name = id < 0 ? NULL : lm_tokenizer_bytes(t, id, &size);
    return name && lm_tokenizer_is_special(t, id) ? json_stringn(name, size) : json_null();
}

/* What `transformers` needs to open tokenizer.json, where the folder brought nothing along; gguf:
 * the file that the model came from, or NULL. */
static bool write_tokenizer_config(const struct lm_model *m, const char *gguf, const char *dir,
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
    bool ok = (json || leti_error_set(err, "%s: no memory", path)) &&
              (!gguf || lm_model_gguf_describe_tokenizer(gguf, json, err)) &&
              lm_json_write(path, json, err);
    json_decref(json);
    return ok;
}

/* The small files that a Hugging Face folder may have beside its tokenizer.json. */
static bool copy_beside(const char *from_dir, const char *dir, bool *config, struct leti_error *err)
{
    static const char *const beside[] = { "tokenizer_config.json", "special_tokens_map.json",
                                          "generation_config.json" };
    bool copied[3] = { false };
    for (size_t i = 0; i < 3; i++) {
        if (!lm_file_copy(from_dir, dir, beside[i], &copied[i], err))
            return false;
    }
    *config = copied[0];
    return true;
}

static bool save_tokenizer(const struct lm_model *m, const char *from_dir, const char *gguf,
                           const char *dir, struct leti_error *err)
{
    bool config = false;
    if (from_dir && !copy_beside(from_dir, dir, &config, err))
        return false;
    if (!m->tokenizer)
        return true;
    return lm_tokenizer_save(m->tokenizer, dir, err) &&
           (config || write_tokenizer_config(m, gguf, dir, err));
}

bool lm_model_save(const struct lm_model *m, const char *from, const char *dir, enum lm_dtype dtype,
                   struct leti_error *err)
{
    char file[PATH_MAX];
    bool gguf = false;
    if (from && !lm_model_gguf_find(from, &gguf, file, err))
        return false;
    const char *from_dir = gguf ? NULL : from;
    return lm_dir_make(dir, err) && lm_config_write(&m->config, from_dir, dir, dtype, err) &&
           save_tokenizer(m, from_dir, gguf ? file : NULL, dir, err) &&
           save_weights(m, dir, dtype, err) && lm_dir_sync(dir, err);
}
