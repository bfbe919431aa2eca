/* gguf_config_test - the shape of a model from a GGUF file's metadata.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gguf_model_file.h"
#include "model/model_gguf.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_how_rotary_positions_stretch),
        cmocka_unit_test(knows_llama_3_by_its_divisors),
        cmocka_unit_test(refuses_what_the_decoder_does_not_do),
        cmocka_unit_test(names_architectures_and_keys_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
