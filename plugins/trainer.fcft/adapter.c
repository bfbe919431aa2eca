/* adapter.c - what is trained in the place of a model: a low-rank adapter and rows of new tokens.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "adapter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/files.h"

static const char folder_name[] = "adapter";

void adapter_clear(struct adapter *adapter)
{
    lm_lora_destroy(adapter->lora);
    free(adapter->base);
    *adapter = (struct adapter){ 0 };
}

/* ---- opening ---- */

static const struct lm_tensor *find(const struct lm_model *model, const char *name)
{
    for (size_t i = 0; i < model->n_tensors; i++)
        if (!strcmp(model->tensors[i].name, name))
            return &model->tensors[i];
    return NULL;
}

/* Whether the tensor of a model with as many tokens, or fewer, fits: tables have fewer rows then,
 * and a head's bias fewer elements. */
static bool fits(const struct lm_tensor *from, const struct lm_tensor *to)
{
    return (from->cols == to->cols && from->rows <= to->rows) ||
           (from->rows == 1 && to->rows == 1 && from->cols <= to->cols);
}

/* Parameters as the base model has them. */
static bool restore(struct lm_model *model, const struct lm_model *base, const char *base_dir,
                    struct leti_error *err)
{
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct lm_tensor *to = &model->tensors[i], *from = find(base, to->name);
        if (!from || !fits(from, to))
            return leti_error_set(err, "%s: not the model that the adapter was trained on (%s)",
                                  base_dir, to->name);
        memcpy(model->params + to->offset, base->params + from->offset,
               (size_t)(from->rows * from->cols) * sizeof(float));
    }
    return true;
}

static bool open_saved(struct lm_model *model, const struct lm_lora_config *config,
                       const char *folder, struct adapter *out, struct leti_error *err)
{
    char base_dir[PATH_MAX];
    struct lm_model *base = NULL;
    if (!lm_lora_base(folder, base_dir, err) || !lm_model_open(base_dir, &base, err))
        return false;
    out->base = strdup(base_dir);
    out->base_tokens = lm_tokenizer_size(base->tokenizer);
    bool ok = (out->base || leti_error_set(err, "out of memory")) &&
              restore(model, base, base_dir, err) &&
              lm_lora_open(model, config, folder, &out->lora, err);
    lm_model_close(base);
    return ok;
}

static bool begin(struct lm_model *model, const struct lm_lora_config *config, const char *dir,
                  uint64_t seed, struct adapter *out, struct leti_error *err)
{
    out->base = realpath(dir, NULL);
    out->base_tokens = lm_tokenizer_size(model->tokenizer);
    if (!out->base)
        return leti_error_set(err, "%s: %s", dir, strerror(errno));
    return lm_lora_create(model, config, seed, &out->lora, err);
}

bool adapter_open(struct lm_model *model, const struct lm_lora_config *config, const char *dir,
                  uint64_t seed, struct adapter *out, struct leti_error *err)
{
    char folder[PATH_MAX];
    struct adapter adapter = { 0 };
    if (!lm_path(dir, folder_name, folder, err))
        return false;
    if (!(lm_lora_exists(folder) ? open_saved(model, config, folder, &adapter, err)
                                 : begin(model, config, dir, seed, &adapter, err))) {
        adapter_clear(&adapter);
        return false;
    }
    *out = adapter;
    return true;
}

/* ---- rows ---- */

static bool add_rows(struct adapter *adapter, const struct lm_model *model,
                     const struct leti_list *tokens, struct leti_error *err)
{
    int32_t size = lm_tokenizer_size(model->tokenizer);
    size_t n = 0, most = tokens->n + (size_t)(size - adapter->base_tokens);
    int32_t *ids = calloc(most + 1, sizeof *ids);
    if (!ids)
        return leti_error_set(err, "out of memory");
    for (size_t i = 0; i < tokens->n; i++) {
        int32_t id = lm_tokenizer_special(model->tokenizer, tokens->items[i]);
        if (id >= 0)
            ids[n++] = id;
    }
    for (int32_t id = adapter->base_tokens; id < size; id++)
        ids[n++] = id;
    bool ok = lm_lora_add_rows(adapter->lora, model, ids, n, err);
    free(ids);
    return ok;
}

bool adapter_fit(struct adapter *adapter, struct lm_model *model, const struct leti_list *tokens,
                 struct leti_error *err)
{
    return !adapter->lora ||
           (add_rows(adapter, model, tokens, err) && lm_lora_merge(adapter->lora, model, err));
}

/* ---- saving ---- */

bool adapter_folder(const struct adapter *adapter, const char *dir, char *out,
                    struct leti_error *err)
{
    if (adapter->lora)
        return lm_path(dir, folder_name, out, err);
    if (strlen(dir) >= PATH_MAX)
        return leti_error_set(err, "%.100s...: the path is too long", dir);
    strcpy(out, dir);
    return true;
}

bool adapter_save(const struct adapter *adapter, const struct lm_model *model, const char *dir,
                  struct leti_error *err)
{
    char folder[PATH_MAX];
    return !adapter->lora || (lm_path(dir, folder_name, folder, err) &&
                              lm_lora_save(adapter->lora, model, adapter->base, folder, err));
}
