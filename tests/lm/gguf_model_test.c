/* gguf_model_test - models of every architecture from GGUF files, to the bit, and what is refused.
 *
 * The files are written here: parameters drawn for a golden folder's config, under GGUF's names and
 * in GGUF's order of rows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <jansson.h>

#include "gguf_build.h"
#include "model.h"
#include "model_gguf.h"
#include "same_config.h"
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

static void put_int(struct file *f, const char *name, int64_t value)
{
    gguf_key_u32(&f->keys, key(f, name), (uint32_t)value);
    f->n_keys++;
}

static void put_real(struct file *f, const char *name, float value)
{
    gguf_key_f32(&f->keys, key(f, name), value);
    f->n_keys++;
}

static void put_text(struct file *f, const char *name, const char *text)
{
    gguf_key_text(&f->keys, name, text);
    f->n_keys++;
}

static void put_tensor(struct file *f, const char *name, uint32_t n_dims, const uint64_t *dims,
                       const float *data)
{
    size_t n = dims[0] * (n_dims > 1 ? dims[1] : 1);
    gguf_align(&f->data, 32);
    gguf_tensor(&f->tensors, name, n_dims, dims, LM_GGUF_F32, f->data.size);
    gguf_put(&f->data, data, n * sizeof *data);
    f->n_tensors++;
}

/* A token for each byte, as byte-level vocabularies spell them, then special ones. */
static void put_tokens(struct file *f)
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

static void put_ids(struct file *f, const struct lm_config *c)
{
    gguf_key_u32(&f->keys, "tokenizer.ggml.bos_token_id", (uint32_t)c->bos);
    gguf_key_u32(&f->keys, "tokenizer.ggml.eos_token_id", (uint32_t)c->eos);
    gguf_key_u32(&f->keys, "tokenizer.ggml.padding_token_id", SPECIALS_FROM + 1);
    f->n_keys += 3;
}

static void put_config(struct file *f, const struct lm_config *c)
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

static void put_tensors(struct file *f, const struct lm_model *m)
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

static void write_file(struct file *f, const char *path)
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
static struct lm_config config_of(const char *folder)
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

static struct lm_model *drawn(const struct lm_config *c)
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

static struct lm_model *opened(const char *path)
{
    struct lm_model *m;
    struct leti_error err;
    if (!lm_model_open(path, &m, &err))
        fail_msg("%s", err.text);
    return m;
}

static void assert_same(const struct lm_model *a, const struct lm_model *b, const char *what)
{
    if (!same_config(&a->config, &b->config))
        fail_msg("%s: another config", what);
    assert_int_equal(a->n_params, b->n_params);
    for (size_t i = 0; i < a->n_tensors; i++) {
        const struct lm_tensor *t = &a->tensors[i];
        if (memcmp(a->params + t->offset, b->params + t->offset,
                   (size_t)(t->rows * t->cols) * sizeof(float)) != 0)
            fail_msg("%s: %s differs", what, t->name);
    }
}

static void write_model(const struct lm_model *m, const char *arch, const char *path)
{
    struct file f = { .arch = arch };
    put_config(&f, &m->config);
    put_tokens(&f);
    put_tensors(&f, m);
    write_file(&f, path);
}

static void opens_every_architecture_to_the_bit(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *arch;
    } models[] = {
        { "llama-untied", "llama" }, { "llama-tied", "llama" }, { "llama-biases", "llama" },
        { "qwen2", "qwen2" },        { "qwen3", "qwen3" },      { "gemma3", "gemma3" },
        { "gpt2-model", "gpt2" },
    };
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct lm_config c = config_of(models[i].folder);
        struct lm_model *m = drawn(&c);
        const char *path = scratch_path(scratch_dir, "model.gguf");
        write_model(m, models[i].arch, path);
        struct lm_model *again = opened(path);
        assert_same(m, again, models[i].folder);
        assert_int_equal(lm_tokenizer_size(again->tokenizer), VOCAB);
        lm_model_close(again);
        lm_model_close(m);
    }
}

/* What is saved opens as the same model, and the chat template comes along. */
static void becomes_a_hugging_face_folder(void **state)
{
    (void)state;
    char from[PATH_MAX], to[PATH_MAX];
    struct leti_error err;
    snprintf(from, sizeof from, "%s", scratch_path(scratch_dir, "from"));
    snprintf(to, sizeof to, "%s", scratch_path(scratch_dir, "to"));
    assert_int_equal(mkdir(from, 0777), 0);
    struct lm_config c = config_of("llama-untied");
    struct lm_model *m = drawn(&c);
    write_model(m, "llama", scratch_path(from, "x.gguf"));
    struct lm_model *gguf = opened(from);
    if (!lm_model_save(gguf, from, to, LM_F32, &err))
        fail_msg("%s", err.text);
    struct lm_model *folder = opened(to);
    assert_same(m, folder, "the saved folder");
    assert_int_equal(lm_tokenizer_special(folder->tokenizer, "<|258|>"), 258);

    json_t *json = json_load_file(scratch_path(to, "tokenizer_config.json"), 0, NULL);
    static const struct {
        const char *field, *value;
    } texts[] = { { "chat_template", "{{ messages }}\n" },
                  { "bos_token", "<|256|>" },
                  { "eos_token", "<|258|>" },
                  { "pad_token", "<|257|>" } };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *value = json_string_value(json_object_get(json, texts[i].field));
        assert_non_null(value);
        assert_string_equal(value, texts[i].value);
    }
    json_decref(json);
    lm_model_close(folder);
    lm_model_close(gguf);
    lm_model_close(m);
}

static void draws_parameters_for_a_file(void **state)
{
    (void)state;
    const char *path = scratch_path(scratch_dir, "drawn.gguf");
    struct lm_config c = config_of("llama-untied");
    struct lm_model *m = drawn(&c), *random, *other;
    struct leti_error err;
    write_model(m, "llama", path);
    assert_true(lm_model_random(path, 5, &random, &err));
    assert_true(same_config(&random->config, &c));
    assert_int_equal(lm_tokenizer_size(random->tokenizer), VOCAB);
    assert_true(lm_model_create(&c, 5, &other, &err));
    assert_memory_equal(random->params, other->params, other->n_params * sizeof(float));
    lm_model_close(other);
    lm_model_close(random);
    lm_model_close(m);
}

/* ---- metadata ---- */

typedef void change(struct file *);

/* The config that a file gives which has these keys or tensors besides. */
static bool config_with(change *add, const char *arch, const struct lm_config *c,
                        struct lm_config *out, struct leti_error *err)
{
    struct lm_model *m = drawn(c);
    struct file f = { .arch = arch };
    put_config(&f, c);
    add(&f);
    put_tensors(&f, m);
    lm_model_close(m);
    const char *path = scratch_path(scratch_dir, "config.gguf");
    write_file(&f, path);
    struct lm_gguf *file;
    if (!lm_gguf_open(path, &file, err))
        fail_msg("%s", err->text);
    bool ok = lm_model_gguf_config(file, out, err);
    lm_gguf_close(file);
    return ok;
}

static void add_linear(struct file *f)
{
    put_text(f, key(f, "rope.scaling.type"), "linear");
    put_real(f, "rope.scaling.factor", 8);
}

static void add_yarn(struct file *f)
{
    put_text(f, key(f, "rope.scaling.type"), "yarn");
    put_real(f, "rope.scaling.factor", 4);
    put_int(f, "rope.scaling.original_context_length", 32768);
}

static void reads_how_rotary_positions_stretch(void **state)
{
    (void)state;
    struct lm_config c = config_of("llama-untied"), out;
    struct leti_error err;
    if (!config_with(add_linear, "llama", &c, &out, &err))
        fail_msg("%s", err.text);
    assert_true(out.rope_scaling.kind == LM_ROPE_LINEAR && out.rope_scaling.factor == 8.0f);
    c = config_of("qwen2");
    if (!config_with(add_yarn, "qwen2", &c, &out, &err))
        fail_msg("%s", err.text);
    assert_true(out.rope_scaling.kind == LM_ROPE_YARN && out.rope_scaling.factor == 4.0f);
    assert_int_equal(out.rope_scaling.original_positions, 32768);
    assert_true(fabsf(out.rope_scaling.attention_factor - 1.138629f) < 1e-5f);
}

/* Of a head of 16, theta 500000, factor 32 over 8192 positions. */
static float divisors[8];

static void add_divisors(struct file *f)
{
    put_tensor(f, "rope_freqs.weight", 1, (uint64_t[]){ 8 }, divisors);
}

static void knows_llama_3_by_its_divisors(void **state)
{
    (void)state;
    static const float llama3[8] = { 1, 1, 1, 1, 3.292262f, 32, 32, 32 };
    struct lm_config c = config_of("llama-tied"), out;
    struct leti_error err;
    c.rope_theta = 500000;
    memcpy(divisors, llama3, sizeof divisors);
    if (!config_with(add_divisors, "llama", &c, &out, &err))
        fail_msg("%s", err.text);
    assert_true(out.rope_scaling.kind == LM_ROPE_LLAMA3 && out.rope_scaling.factor == 32.0f);
    assert_true(out.rope_scaling.low_freq == 1.0f && out.rope_scaling.high_freq == 4.0f);
    assert_int_equal(out.rope_scaling.original_positions, 8192);
    divisors[4] = 5;
    assert_false(config_with(add_divisors, "llama", &c, &out, &err));
    assert_non_null(strstr(err.text, "rope_freqs.weight[4] is 5, Llama 3's scaling would have"));
    for (size_t i = 0; i < 8; i++)
        divisors[i] = 1;
    assert_true(config_with(add_divisors, "llama", &c, &out, &err));
    assert_int_equal(out.rope_scaling.kind, LM_ROPE_PLAIN);
}

static void add_experts(struct file *f)
{
    put_int(f, "expert_count", 8);
}

static void add_window(struct file *f)
{
    put_int(f, "attention.sliding_window", 3);
}

static void add_longrope(struct file *f)
{
    put_text(f, key(f, "rope.scaling.type"), "longrope");
}

static void add_value_length(struct file *f)
{
    put_int(f, "attention.value_length", 12);
}

static void add_odd_rotation(struct file *f)
{
    put_int(f, "rope.dimension_count", 1000);
}

static void refuses_what_the_decoder_does_not_do(void **state)
{
    (void)state;
    static const struct {
        change *add;
        const char *expected;
    } bad[] = {
        { add_experts, "llama.expert_count is 8, allowed is none" },
        { add_window, "llama.attention.sliding_window is 3, allowed is none below" },
        { add_longrope, "llama.rope.scaling.type is \"longrope\", allowed are none, linear and" },
        { add_value_length, "llama.attention.value_length is 12, allowed is the size of a key" },
        { add_odd_rotation, "llama.rope.dimension_count is 1000, allowed is an integer from 1 to" },
    };
    struct lm_config c = config_of("llama-untied"), out;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct leti_error err = { "" };
        if (config_with(bad[i].add, "llama", &c, &out, &err) || !strstr(err.text, bad[i].expected))
            fail_msg("\"%s\" instead of \"%s\"", err.text, bad[i].expected);
    }
}

static void nothing_else(struct file *f)
{
    (void)f;
}

static void names_architectures_and_keys_that_are_not_there(void **state)
{
    (void)state;
    struct lm_config c = config_of("llama-untied"), out;
    struct leti_error err;
    assert_false(config_with(nothing_else, "mamba", &c, &out, &err));
    assert_non_null(strstr(err.text, "general.architecture is \"mamba\", allowed are llama, "));
    struct file f = { .arch = "llama" };
    put_text(&f, "general.architecture", "llama");
    const char *path = scratch_path(scratch_dir, "empty.gguf");
    write_file(&f, path);
    struct lm_gguf *file;
    assert_true(lm_gguf_open(path, &file, &err));
    assert_false(lm_model_gguf_config(file, &out, &err));
    assert_non_null(strstr(err.text, "metadata key llama.block_count is missing"));
    lm_gguf_close(file);
}

/* ---- what does not open ---- */

static void add_tensor(struct file *f)
{
    put_tensor(f, "blk.0.attn_sinks.weight", 1, (uint64_t[]){ 2 }, (float[]){ 1, 2 });
}

static void add_part(struct file *f)
{
    gguf_key_u32(&f->keys, "split.count", 3);
    f->n_keys++;
}

static void expect(change *add, bool tensors, const char *expected)
{
    struct lm_config c = config_of("llama-untied");
    struct lm_model *m = drawn(&c), *out;
    struct file f = { .arch = "llama" };
    struct leti_error err = { "" };
    put_config(&f, &c);
    put_tokens(&f);
    add(&f);
    if (tensors)
        put_tensors(&f, m);
    else
        put_tensor(&f, "token_embd.weight", 2, (uint64_t[]){ (uint64_t)c.d_model, VOCAB },
                   m->params + m->embedding);
    const char *path = scratch_path(scratch_dir, "bad.gguf");
    write_file(&f, path);
    if (lm_model_open(path, &out, &err) || !strstr(err.text, expected))
        fail_msg("\"%s\" instead of \"%s\"", err.text, expected);
    lm_model_close(m);
}

static void refuses_other_tensors_than_the_decoder_has(void **state)
{
    (void)state;
    expect(add_tensor, true, "bad.gguf: tensor blk.0.attn_sinks.weight is no part of this decoder");
    expect(nothing_else, false, "input_layernorm.weight is missing");
    expect(add_part, true, "bad.gguf: is one of 3 parts, merge them");
}

static void asks_which_of_several_files_is_meant(void **state)
{
    (void)state;
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s", scratch_path(scratch_dir, "two"));
    assert_int_equal(mkdir(dir, 0777), 0);
    assert_true(scratch_write(scratch_path(dir, "a.gguf"), "GGUF", 4));
    assert_true(scratch_write(scratch_path(dir, "b.gguf"), "GGUF", 4));
    struct lm_model *m;
    struct leti_error err;
    assert_false(lm_model_open(dir, &m, &err));
    assert_non_null(strstr(err.text, "two: has 2 GGUF files, name the one that is meant"));
    assert_true(scratch_write(scratch_path(dir, "config.json"), "{}", 2));
    assert_false(lm_model_open(dir, &m, &err));
    assert_non_null(strstr(err.text, "config.json: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_every_architecture_to_the_bit),
        cmocka_unit_test(becomes_a_hugging_face_folder),
        cmocka_unit_test(draws_parameters_for_a_file),
        cmocka_unit_test(reads_how_rotary_positions_stretch),
        cmocka_unit_test(knows_llama_3_by_its_divisors),
        cmocka_unit_test(refuses_what_the_decoder_does_not_do),
        cmocka_unit_test(names_architectures_and_keys_that_are_not_there),
        cmocka_unit_test(refuses_other_tensors_than_the_decoder_has),
        cmocka_unit_test(asks_which_of_several_files_is_meant),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
