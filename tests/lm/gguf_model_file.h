/* gguf_model_file.h - GGUF files with whole models in them: parameters drawn for a golden folder's
 * config, under GGUF's names and in GGUF's order of rows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GGUF_MODEL_FILE_H
#define GGUF_MODEL_FILE_H

#include "gguf_build.h"
#include "model/model.h"
#include "scratch.h"

enum { VOCAB = 264, SPECIALS_FROM = 256 };

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

/* ---- files ---- */

/* A GGUF file in the making: the header's two parts, which are counted, and the tensors' bytes. */
struct file {
    const char *arch;
    struct gguf_build keys, tensors, data;
    uint64_t n_keys, n_tensors;
};

static const char *key(const struct file *f, const char *name)
{
    static char text[128];
    snprintf(text, sizeof text, "%s.%s", f->arch, name);
    return text;
}

__attribute__((unused)) static void put_int(struct file *f, const char *name, int64_t value)
{
    gguf_key_u32(&f->keys, key(f, name), (uint32_t)value);
    f->n_keys++;
}

__attribute__((unused)) static void put_real(struct file *f, const char *name, float value)
{
    gguf_key_f32(&f->keys, key(f, name), value);
    f->n_keys++;
}

__attribute__((unused)) static void put_text(struct file *f, const char *name, const char *text)
{
    gguf_key_text(&f->keys, name, text);
    f->n_keys++;
}

__attribute__((unused)) static void put_tensor(struct file *f, const char *name, uint32_t n_dims,
                                               const uint64_t *dims, const float *data)
{
    size_t n = dims[0] * (n_dims > 1 ? dims[1] : 1);
    gguf_align(&f->data, 32);
    gguf_tensor(&f->tensors, name, n_dims, dims, LM_GGUF_F32, f->data.size);
    gguf_put(&f->data, data, n * sizeof *data);
    f->n_tensors++;
}

/* A token for each byte, as byte-level vocabularies spell them, then special ones. */
__attribute__((unused)) static void put_tokens(struct file *f)
{
    gguf_key(&f->keys, "tokenizer.ggml.tokens", GGUF_ARRAY);
    gguf_u32(&f->keys, GGUF_STRING);
    gguf_u64(&f->keys, VOCAB);
    unsigned next = 256;
    for (unsigned i = 0; i < VOCAB; i++) {
        bool plain = (i > 32 && i < 127) || (i > 160 && i < 256 && i != 173);
        unsigned c = plain ? i : next++;
        char text[16];
        if (i >= SPECIALS_FROM)
            snprintf(text, sizeof text, "<|%u|>", i);
        else if (c < 128)
            snprintf(text, sizeof text, "%c", (char)c);
        else
            snprintf(text, sizeof text, "%c%c", (char)(0xc0 | c >> 6), (char)(0x80 | (c & 63)));
        gguf_text(&f->keys, text);
    }
    gguf_key(&f->keys, "tokenizer.ggml.token_type", GGUF_ARRAY);
    gguf_u32(&f->keys, GGUF_U32);
    gguf_u64(&f->keys, VOCAB);
    for (unsigned i = 0; i < VOCAB; i++)
        gguf_u32(&f->keys, i < SPECIALS_FROM ? 1 : 3);
    gguf_key(&f->keys, "tokenizer.ggml.merges", GGUF_ARRAY);
    gguf_u32(&f->keys, GGUF_STRING);
    gguf_u64(&f->keys, 0);
    f->n_keys += 3;
    put_text(f, "tokenizer.ggml.model", "gpt2");
    put_text(f, "tokenizer.ggml.pre", "gpt-2");
    put_text(f, "tokenizer.chat_template", "{{ messages }}\n");
}

__attribute__((unused)) static void put_ids(struct file *f, const struct lm_config *c)
{
    gguf_key_u32(&f->keys, "tokenizer.ggml.bos_token_id", (uint32_t)c->bos);
    gguf_key_u32(&f->keys, "tokenizer.ggml.eos_token_id", (uint32_t)c->eos);
    gguf_key_u32(&f->keys, "tokenizer.ggml.padding_token_id", SPECIALS_FROM + 1);
    f->n_keys += 3;
}

__attribute__((unused)) static void put_config(struct file *f, const struct lm_config *c)
{
    put_text(f, "general.architecture", f->arch);
    put_int(f, "block_count", c->n_layers);
    put_int(f, "embedding_length", c->d_model);
    put_int(f, "attention.head_count", c->n_heads);
    put_int(f, "feed_forward_length", c->d_ff);
    put_int(f, "context_length", c->max_positions);
    put_real(f,
             c->norm == LM_RMS_NORM ? "attention.layer_norm_rms_epsilon"
                                    : "attention.layer_norm_epsilon",
             c->norm_eps);
    if (c->n_kv_heads != c->n_heads)
        put_int(f, "attention.head_count_kv", c->n_kv_heads);
    if (c->head_dim * c->n_heads != c->d_model)
        put_int(f, "attention.key_length", c->head_dim);
    if (!c->learned_positions)
        put_real(f, "rope.freq_base", c->rope_theta);
    if (c->window > 0)
        put_int(f, "attention.sliding_window", c->window);
    put_ids(f, c);
}

/* Rows of queries and keys in pairs: element p of pair j was row p D/2 + j of its head. */
static float *paired(const struct lm_config *c, const struct lm_tensor *t, const float *data)
{
    int64_t cols = t->bias ? 1 : t->cols, rows = t->bias ? t->cols : t->rows, D = c->head_dim;
    float *out = malloc((size_t)(rows * cols) * sizeof *out);
    assert_non_null(out);
    for (int64_t row = 0; row < rows; row++) {
        int64_t head = row / D, j = row % D / 2, p = row % 2;
        memcpy(out + row * cols, data + (head * D + p * D / 2 + j) * cols,
               (size_t)cols * sizeof *out);
    }
    return out;
}

__attribute__((unused)) static void put_tensors(struct file *f, const struct lm_model *m)
{
    for (size_t i = 0; i < m->n_tensors; i++) {
        const struct lm_tensor *t = &m->tensors[i];
        const char *kind = t->bias ? "bias" : "weight";
        char name[96];
        if (t->layer < 0)
            snprintf(name, sizeof name, "%s.%s", names[t->role], kind);
        else
            snprintf(name, sizeof name, "blk.%d.%s.%s", t->layer, names[t->role], kind);
        const uint64_t dims[] = { (uint64_t)t->cols, (uint64_t)t->rows };
        bool swap = strcmp(f->arch, "llama") == 0 && (t->role == LM_Q || t->role == LM_K);
        float *copy = swap ? paired(&m->config, t, m->params + t->offset) : NULL;
        put_tensor(f, name, t->decay ? 2 : 1, dims, copy ? copy : m->params + t->offset);
        free(copy);
    }
}

__attribute__((unused)) static void write_file(struct file *f, const char *path)
{
    struct gguf_build b = { 0 };
    gguf_begin(&b, 3, f->n_tensors, f->n_keys);
    gguf_put(&b, f->keys.data, f->keys.size);
    gguf_put(&b, f->tensors.data, f->tensors.size);
    gguf_align(&b, 32);
    gguf_put(&b, f->data.data, f->data.size);
    assert_true(scratch_write(path, b.data, b.size));
    free(b.data);
    free(f->keys.data);
    free(f->tensors.data);
    free(f->data.data);
    *f = (struct file){ 0 };
}

/* ---- models ---- */

/* A golden folder's config, with what GGUF knows of the architecture and does not write. */
__attribute__((unused)) static struct lm_config config_of(const char *folder)
{
    char path[PATH_MAX];
    struct lm_config c;
    struct leti_error err;
    snprintf(path, sizeof path, "%s/tests/lm/golden/%s", getenv("LETI_SOURCE_DIR"), folder);
    if (!lm_config_read(path, &c, &err))
        fail_msg("%s", err.text);
    c.vocab_size = VOCAB;
    c.bos = SPECIALS_FROM;
    c.eos = SPECIALS_FROM + 2;
    if (c.arch == LM_LLAMA)
        c.activation = LM_SILU;
    if (c.arch == LM_GEMMA3) {
        c.full_every = 6;
        c.query_scalar = (float)c.head_dim;
        c.rope_theta_sliding = 10000;
        c.rope_scaling = (struct lm_rope_scaling){ 0 };
    }
    return c;
}

__attribute__((unused)) static struct lm_model *drawn(const struct lm_config *c)
{
    struct lm_model *m;
    struct leti_error err;
    if (!lm_model_create(c, 3, &m, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < m->n_tensors; i++) { /* norms and biases too */
        const struct lm_tensor *t = &m->tensors[i];
        for (int64_t k = 0; !t->decay && k < t->cols; k++)
            m->params[t->offset + (size_t)k] += (float)((k + (int64_t)i) % 7) * 0.1f;
    }
    return m;
}

__attribute__((unused)) static void write_model(const struct lm_model *m, const char *arch,
                                                const char *path)
{
    struct file f = { .arch = arch };
    put_config(&f, &m->config);
    put_tokens(&f);
    put_tensors(&f, m);
    write_file(&f, path);
}

/* Of a function that adds to a file what a test is about. */
typedef void change(struct file *);

__attribute__((unused)) static void nothing_else(struct file *f)
{
    (void)f;
}

#endif
