/* gguf_model_test - models of every architecture from GGUF files, to the bit, and what is refused.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <jansson.h>

#include "gguf_model_file.h"
#include "same_config.h"

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
        cmocka_unit_test(refuses_other_tensors_than_the_decoder_has),
        cmocka_unit_test(asks_which_of_several_files_is_meant),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
