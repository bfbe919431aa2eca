/* model_gguf.c - models from GGUF files.
 *
 * A GGUF file holds what a Hugging Face folder does, but under other names, and keeps some tensors
 * in another order: those of queries and keys of the Llama family are made for pairs of
 * neighbouring rows that rotate together. Norms that Hugging Face keeps around 0 are as the decoder
 * has them, and no matrix is transposed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/model_gguf.h"

#include <stdlib.h>

#include "model/model_layout.h"
#include "model/model_tensors.h"
#include "tokenizer/tokenizer_gguf.h"

static const char *const names[LM_N_ROLES] = {
    [LM_EMBEDDING] = "token_embd",
    [LM_POSITIONS] = "position_embd",
    [LM_ATTN_NORM] = "attn_norm",
    [LM_QKV] = "attn_qkv",
    [LM_Q] = "attn_q",
    [LM_K] = "attn_k",
    [LM_V] = "attn_v",
    [LM_Q_NORM] = "attn_q_norm",
    [LM_K_NORM] = "attn_k_norm",
    [LM_ATTN_OUT] = "attn_output",
    [LM_ATTN_POST_NORM] = "post_attention_norm",
    [LM_MLP_NORM] = "ffn_norm",
    [LM_GATE] = "ffn_gate",
    [LM_UP] = "ffn_up",
    [LM_DOWN] = "ffn_down",
    [LM_MLP_POST_NORM] = "post_ffw_norm",
    [LM_FINAL_NORM] = "output_norm",
    [LM_HEAD] = "output",
};

struct source {
    const struct lm_gguf *file;
    enum lm_arch arch;
};

/* NULL where the file does not have it. */
static const struct lm_gguf_tensor *find_tensor(const struct lm_gguf *file,
                                                const struct lm_tensor *t)
{
    char name[96];
    const char *kind = t->bias ? "bias" : "weight";
    if (t->layer < 0)
        snprintf(name, sizeof name, "%s.%s", names[t->role], kind);
    else
        snprintf(name, sizeof name, "blk.%d.%s.%s", t->layer, names[t->role], kind);
    return lm_gguf_find(file, name);
}

static bool source_find(const void *self, const struct lm_tensor *t, struct lm_stored *out)
{
    const struct source *s = self;
    const struct lm_gguf_tensor *found = find_tensor(s->file, t);
    if (!found)
        return false;
    out->n_dims = found->n_dims;
    memcpy(out->dims, found->dims, sizeof out->dims);
    bool paired = s->arch == LM_LLAMA && (t->role == LM_Q || t->role == LM_K);
    out->storage = (struct lm_storage){ .rows = paired ? LM_ROWS_PAIRED : LM_ROWS_AS_THEY_ARE };
    return true;
}

static bool source_read(const void *self, const struct lm_tensor *t, float *out,
                        struct leti_error *err)
{
    const struct source *s = self;
    const struct lm_gguf_tensor *found = find_tensor(s->file, t);
    (void)err;
    lm_gguf_to_f32(found, 0, found->rows, out);
    return true;
}

/* A tensor that the decoder would not use means that it computes another function. What the file
 * has of Llama 3's scaling is in the config. */
static bool check_nothing_else(const struct lm_gguf *file, const struct lm_model *m,
                               struct leti_error *err)
{
    bool *used = calloc(lm_gguf_count(file) + 1, sizeof *used);
    if (!used)
        return leti_error_set(err, "%s: no memory", lm_gguf_name(file));
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct lm_gguf_tensor *t = find_tensor(file, &m->tensors[i]);
        if (t)
            used[t - lm_gguf_at(file, 0)] = true;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < lm_gguf_count(file); i++) {
        const char *name = lm_gguf_at(file, i)->name;
        if (!used[i] && strcmp(name, "rope_freqs.weight") != 0)
            ok = leti_error_set(err, "%s: tensor %.200s is no part of this decoder",
                                lm_gguf_name(file), name);
    }
    free(used);
    return ok;
}

static bool load_params(struct lm_model *m, const struct lm_gguf *file, struct leti_error *err)
{
    const struct source self = { file, m->config.arch };
    const struct lm_params_source source = { lm_gguf_name(file), &self, source_find, source_read };
    return check_nothing_else(file, m, err) && lm_params_load(m, &source, err);
}

static bool load_tokenizer(struct lm_model *m, const struct lm_gguf *file, struct leti_error *err)
{
    if (!lm_tokenizer_from_gguf(file, &m->tokenizer, err))
        return false;
    int32_t size = lm_tokenizer_size(m->tokenizer);
    if (size > m->config.vocab_size)
        return leti_error_set(err, "%s: its tokenizer has %d ids, the embedding only %d rows",
                              lm_gguf_name(file), size, m->config.vocab_size);
    return true;
}

/* Large files are cut into several, of which one alone is no model. */
static bool check_whole(const struct lm_gguf *file, struct leti_error *err)
{
    int64_t n = 0;
    if (lm_gguf_has(file, "split.count") && !lm_gguf_get_int(file, "split.count", &n, err))
        return false;
    return n <= 1 || leti_error_set(err,
                                    "%s: is one of %lld parts, merge them (llama-gguf-split "
                                    "--merge) or take another file",
                                    lm_gguf_name(file), (long long)n);
}

static bool read_shape(const struct lm_gguf *file, struct lm_config *out, struct leti_error *err)
{
    return check_whole(file, err) && lm_model_gguf_config(file, out, err);
}

static bool read_model(const struct lm_gguf *file, struct lm_model **out, struct leti_error *err)
{
    struct lm_config config;
    struct lm_model *model;
    if (!read_shape(file, &config, err) ||
        !lm_layout_make(lm_gguf_name(file), &config, &model, err))
        return false;
    if (!load_tokenizer(model, file, err) || !load_params(model, file, err)) {
        lm_model_close(model);
        return false;
    }
    *out = model;
    return true;
}

bool lm_model_gguf_open(const char *path, struct lm_model **out, struct leti_error *err)
{
    struct lm_gguf *file;
    if (!lm_gguf_open(path, &file, err))
        return false;
    bool ok = read_model(file, out, err);
    lm_gguf_close(file);
    return ok;
}

static bool draw_model(const struct lm_gguf *file, uint64_t seed, struct lm_model **out,
                       struct leti_error *err)
{
    struct lm_config config;
    struct lm_model *model;
    if (!read_shape(file, &config, err) || !lm_model_create(&config, seed, &model, err))
        return false;
    if (!load_tokenizer(model, file, err)) {
        lm_model_close(model);
        return false;
    }
    *out = model;
    return true;
}

bool lm_model_gguf_random(const char *path, uint64_t seed, struct lm_model **out,
                          struct leti_error *err)
{
    struct lm_gguf *file;
    if (!lm_gguf_open(path, &file, err))
        return false;
    bool ok = draw_model(file, seed, out, err);
    lm_gguf_close(file);
    return ok;
}
