/* config_test - config.json: what is read, what is refused, what is written.
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

#include "model/config.h"
#include "same_config.h"
#include "scratch.h"

static const char whole[] =
    "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\", \"hidden_size\": 128,"
    " \"num_hidden_layers\": 4, \"num_attention_heads\": 4, \"num_key_value_heads\": 2,"
    " \"head_dim\": 64, \"intermediate_size\": 352, \"vocab_size\": 1021,"
    " \"max_position_embeddings\": 512, \"rope_theta\": 5e5, \"rms_norm_eps\": 1e-05,"
    " \"tie_word_embeddings\": true, \"bos_token_id\": 3, \"eos_token_id\": [7, 9],"
    " \"hidden_act\": \"silu\", \"attention_bias\": false, \"rope_scaling\": null}";

static bool parse(const char *text, struct lm_config *out, struct leti_error *err)
{
    return lm_config_parse("config.json", text, strlen(text), out, err);
}

/* The whole configuration with one field replaced, or without it where value is NULL. */
static bool parse_with(const char *field, const char *value, struct lm_config *out,
                       struct leti_error *err)
{
    json_t *json = json_loads(whole, 0, NULL);
    if (value)
        json_object_set_new(json, field, json_loads(value, JSON_DECODE_ANY, NULL));
    else
        json_object_del(json, field);
    char *text = json_dumps(json, 0);
    assert_non_null(text);
    bool ok = parse(text, out, err);
    free(text);
    json_decref(json);
    return ok;
}

static void reads_every_field(void **state)
{
    (void)state;
    struct lm_config c;
    struct leti_error err;
    assert_true(parse(whole, &c, &err));
    assert_int_equal(c.n_layers, 4);
    assert_int_equal(c.d_model, 128);
    assert_int_equal(c.n_heads, 4);
    assert_int_equal(c.n_kv_heads, 2);
    assert_int_equal(c.head_dim, 64);
    assert_int_equal(c.d_ff, 352);
    assert_int_equal(c.vocab_size, 1021);
    assert_int_equal(c.max_positions, 512);
    assert_true(c.rope_theta == 5e5f);
    assert_true(c.norm_eps == 1e-5f);
    assert_true(c.tied);
    assert_int_equal(c.bos, 3);
    assert_int_equal(c.eos, 7);
}

static void has_the_defaults_of_the_family(void **state)
{
    (void)state;
    struct lm_config c;
    struct leti_error err;
    assert_true(parse("{\"model_type\": \"llama\", \"hidden_size\": 96, \"num_hidden_layers\": 1,"
                      " \"num_attention_heads\": 6, \"intermediate_size\": 10, \"vocab_size\": 5,"
                      " \"max_position_embeddings\": 8, \"head_dim\": null}",
                      &c, &err));
    assert_int_equal(c.n_kv_heads, 6);
    assert_int_equal(c.head_dim, 16);
    assert_true(c.rope_theta == 10000.0f);
    assert_true(c.norm_eps == 1e-6f);
    assert_false(c.tied);
    assert_int_equal(c.bos, -1);
    assert_int_equal(c.eos, -1);
}

static void reads_theta_where_newer_files_have_it(void **state)
{
    (void)state;
    struct lm_config c;
    struct leti_error err;
    assert_true(parse_with("rope_parameters",
                           "{\"rope_type\": \"default\", \"rope_theta\": 25000.0}", &c, &err));
    assert_true(c.rope_theta == 25000.0f);
}

static void refuses_and_names_field_and_value(void **state)
{
    (void)state;
    static const struct {
        const char *field, *value, *expected;
    } bad[] = {
        { "model_type", "\"mistral\"",
          "model_type is \"mistral\", allowed is \"llama\", \"qwen2\"" },
        { "model_type", NULL, "model_type is missing" },
        { "architectures", "[\"LlamaForSequenceClassification\"]", "allowed is [\"LlamaForCausal" },
        { "architectures", "7", "architectures is 7" },
        { "hidden_size", NULL, "hidden_size is missing, allowed is an integer from 1 to" },
        { "hidden_size", "0", "hidden_size is 0" },
        { "hidden_size", "-128", "hidden_size is -128" },
        { "hidden_size", "128.0", "hidden_size is 128.0" },
        { "hidden_size", "\"128\"", "hidden_size is \"128\"" },
        { "hidden_size", "9223372036854775807", "hidden_size is 9223372036854775807" },
        { "num_hidden_layers", "4294967297", "num_hidden_layers is 4294967297" },
        { "num_hidden_layers", "[4]", "num_hidden_layers is [4]" },
        { "num_attention_heads", "3", "num_attention_heads 3 is no multiple" },
        { "num_attention_heads", "0", "num_attention_heads is 0" },
        { "num_key_value_heads", "3", "no multiple of num_key_value_heads 3" },
        { "num_key_value_heads", "8", "no multiple of num_key_value_heads 8" },
        { "head_dim", "63", "head_dim is 63, allowed are even numbers" },
        { "head_dim", "1000000", "head_dim is 1000000" },
        { "intermediate_size", "1e3", "intermediate_size is 1000.0" },
        { "vocab_size", "99999999999", "vocab_size is 99999999999" },
        { "max_position_embeddings", "true", "max_position_embeddings is true" },
        { "rope_theta", "0", "rope_theta is 0, allowed is a number above 0" },
        { "rope_theta", "-1.5", "rope_theta is -1.5" },
        { "rope_theta", "1e300", "rope_theta is 1" },
        { "rope_theta", "1e-300", "rope_theta is 1" },
        { "rope_theta", "\"10000\"", "rope_theta is \"10000\"" },
        { "rms_norm_eps", "0.0", "rms_norm_eps is 0.0" },
        { "rms_norm_eps", "2", "rms_norm_eps is 2" },
        { "rope_scaling", "{\"rope_type\": \"longrope\", \"factor\": 8}", "rope_scaling is {" },
        { "rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8}",
          "low_freq_factor is missing" },
        { "rope_scaling",
          "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4,"
          " \"high_freq_factor\": 4}",
          "\"llama3\" do not fit" },
        { "rope_scaling", "{\"type\": \"linear\"}", "factor is missing" },
        { "rope_scaling", "{\"type\": \"linear\", \"factor\": 0.5}", "\"linear\" do not fit" },
        { "rope_scaling", "{\"type\": \"yarn\", \"factor\": 2, \"beta_fast\": -1}",
          "beta_fast is -1" },
        { "rope_scaling",
          "{\"type\": \"yarn\", \"factor\": 2, \"original_max_position_embeddings\": 0}",
          "original_max_position_embeddings is 0" },
        { "rope_scaling", "2", "rope_scaling is 2" },
        { "rope_parameters", "{\"rope_type\": \"yarn\"}", "factor is missing" },
        { "rope_parameters", "{\"rope_type\": 3}", "rope_parameters is {" },
        { "tie_word_embeddings", "1", "tie_word_embeddings is 1, allowed is true or false" },
        { "bos_token_id", "1021", "bos_token_id is 1021, allowed is null or an id below" },
        { "eos_token_id", "[-2]", "eos_token_id is [-2]" },
        { "eos_token_id", "\"</s>\"", "eos_token_id is \"</s>\"" },
        { "hidden_act", "\"relu\"", "hidden_act is \"relu\", allowed is \"silu\"" },
        { "attention_bias", "1", "attention_bias is 1, allowed is true or false" },
        { "mlp_bias", "\"no\"", "mlp_bias is \"no\"" },
        { "quantization_config", "{\"bits\": 4}", "quantization_config is {" },
        { "partial_rotary_factor", "0.5", "partial_rotary_factor is 0.5" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lm_config c = { .n_layers = 77 };
        struct leti_error err = { "" };
        assert_false(parse_with(bad[i].field, bad[i].value, &c, &err));
        if (!strstr(err.text, bad[i].expected) || !strstr(err.text, "config.json"))
            fail_msg("%s = %s: %s", bad[i].field, bad[i].value, err.text);
        assert_int_equal(c.n_layers, 77);
    }
}

static void refuses_what_is_no_json_object(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       "[]",
                                       "3",
                                       "{",
                                       "{\"hidden_size\": NaN}",
                                       "null",
                                       "{}x",
                                       "{\"hidden_size\": 1e999}",
                                       "{\"a\": 1, \"a\": 2}" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lm_config c;
        struct leti_error err = { "" };
        assert_false(parse(bad[i], &c, &err));
        assert_non_null(strstr(err.text, "config.json: "));
    }
}

static void survives_every_truncation(void **state)
{
    (void)state;
    for (size_t n = 0; n < strlen(whole); n++) {
        char *part = malloc(n ? n : 1); /* exactly so long: a read beyond it is seen */
        assert_non_null(part);
        memcpy(part, whole, n);
        struct lm_config c;
        struct leti_error err;
        assert_false(lm_config_parse("config.json", part, n, &c, &err));
        free(part);
    }
}

static void writes_what_it_read_and_keeps_the_rest(void **state)
{
    (void)state;
    char from[PATH_MAX], to[PATH_MAX];
    snprintf(from, sizeof from, "%s", scratch_path(scratch_dir, "from"));
    snprintf(to, sizeof to, "%s", scratch_path(scratch_dir, "to"));
    assert_int_equal(mkdir(from, 0777) | mkdir(to, 0777), 0);
    static const char text[] =
        "{\"model_type\": \"llama\", \"hidden_size\": 96, \"num_hidden_layers\": 1,"
        " \"num_attention_heads\": 6, \"intermediate_size\": 10, \"vocab_size\": 15,"
        " \"max_position_embeddings\": 8, \"rms_norm_eps\": 1e-05, \"eos_token_id\": [2, 4],"
        " \"initializer_range\": 0.02, \"_note\": \"Füße\", \"dtype\": \"float16\"}";
    assert_true(scratch_write(scratch_path(from, "config.json"), text, sizeof text - 1));

    struct leti_error err;
    struct lm_config c, again;
    assert_true(lm_config_read(from, &c, &err));
    c.vocab_size = 20;
    assert_true(lm_config_write(&c, from, to, LM_BF16, &err));
    assert_true(lm_config_read(to, &again, &err));
    assert_true(same_config(&c, &again));

    json_t *json = json_load_file(scratch_path(to, "config.json"), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "_note")), "Füße");
    assert_string_equal(json_string_value(json_object_get(json, "torch_dtype")), "bfloat16");
    assert_null(json_object_get(json, "dtype"));
    assert_true(json_real_value(json_object_get(json, "initializer_range")) == 0.02);
    assert_true(json_real_value(json_object_get(json, "rms_norm_eps")) == 1e-5);
    assert_int_equal(json_array_size(json_object_get(json, "eos_token_id")), 2);
    json_decref(json);
}

static void says_what_is_not_there(void **state)
{
    (void)state;
    struct lm_config c;
    struct leti_error err;
    assert_false(lm_config_read("/nonexistent", &c, &err));
    assert_string_equal(err.text,
                        "/nonexistent/config.json: cannot open: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(has_the_defaults_of_the_family),
        cmocka_unit_test(reads_theta_where_newer_files_have_it),
        cmocka_unit_test(refuses_and_names_field_and_value),
        cmocka_unit_test(refuses_what_is_no_json_object),
        cmocka_unit_test(survives_every_truncation),
        cmocka_unit_test(writes_what_it_read_and_keeps_the_rest),
        cmocka_unit_test(says_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
