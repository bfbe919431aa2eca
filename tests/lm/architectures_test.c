/* architectures_test - each architecture's config.json and files: what is read, what is refused,
 * what is written; what golden_test cannot show with folders that are well.
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

#include "model/architectures.h"
#include "train/decoder.h"
#include "model/model_layout.h"
#include "model/model_tensors.h"
#include "same_config.h"
#include "scratch.h"
#include "tokenizer_golden.h"

/* ---- config.json ---- */

/* A golden folder's config.json with some fields replaced; a null takes one away. */
static char *config_text(const char *model, const char *changes)
{
    char name[64];
    snprintf(name, sizeof name, "%s/config.json", model);
    json_t *json = json_load_file(golden_path(name), 0, NULL);
    json_t *other = json_loads(changes, 0, NULL);
    const char *field;
    json_t *value;
    assert_non_null(json);
    assert_non_null(other);
    json_object_foreach(other, field, value)
    {
        if (json_is_null(value))
            json_object_del(json, field);
        else
            json_object_set(json, field, value);
    }
    char *text = json_dumps(json, 0);
    assert_non_null(text);
    json_decref(json);
    json_decref(other);
    return text;
}

static bool parse(const char *model, const char *changes, struct lm_config *out,
                  struct leti_error *err)
{
    char *text = config_text(model, changes);
    bool ok = lm_config_parse("config.json", text, strlen(text), out, err);
    free(text);
    return ok;
}

static struct lm_config parsed(const char *model, const char *changes)
{
    struct lm_config c = { 0 };
    struct leti_error err = { "" };
    if (!parse(model, changes, &c, &err))
        fail_msg("%s %s: %s", model, changes, err.text);
    return c;
}

static void reads_what_each_architecture_does(void **state)
{
    (void)state;
    struct lm_config c = parsed("gpt2-model", "{}");
    assert_true(c.learned_positions && c.plain_mlp && c.norm == LM_LAYER_NORM && c.tied);
    assert_true(c.qkv_bias && c.out_bias && c.mlp_bias && !c.head_bias && !c.parallel);
    assert_true(c.d_ff == 4 * c.d_model && lm_config_rotary_dim(&c) == 0);
    c = parsed("codegen", "{}");
    assert_true(c.parallel && c.head_bias && !c.qkv_bias && !c.out_bias && c.mlp_bias && !c.tied);
    assert_true(c.rotary_dim == 4 && c.d_ff == 48 && c.activation == LM_GELU_TANH);
    c = parsed("qwen2", "{}");
    assert_true(c.qkv_bias && !c.out_bias && c.window == 0 && c.activation == LM_SILU);
    c = parsed("qwen3", "{\"attention_bias\": true}");
    assert_true(c.qk_norm && c.qkv_bias && c.out_bias && c.head_dim == 16);
    c = parsed("gemma3", "{}");
    assert_true(c.qk_norm && c.post_norms && c.scaled_embedding && c.tied && !c.plain_mlp);
    assert_true(c.rope_theta == 1000 && c.rope_theta_sliding == 100 && c.query_scalar == 24);
    assert_true(c.rope_scaling.kind == LM_ROPE_LINEAR && c.rope_scaling.factor == 2);
    assert_true(c.window == 6 && c.full_every == 3 && c.eos == 1);
    assert_true(lm_config_slides(&c, 0) && lm_config_slides(&c, 1) && !lm_config_slides(&c, 2));
}

static void has_the_defaults_of_each_architecture(void **state)
{
    (void)state;
    struct lm_config c = parsed("qwen3", "{\"head_dim\": null, \"rms_norm_eps\": null}");
    assert_true(c.head_dim == 128 && c.norm_eps == 1e-6f);
    c = parsed("gemma3", "{\"head_dim\": null, \"query_pre_attn_scalar\": null,"
                         " \"rope_parameters\": null, \"tie_word_embeddings\": null,"
                         " \"hidden_activation\": null, \"layer_types\": null,"
                         " \"sliding_window_pattern\": null, \"_sliding_window_pattern\": null}");
    assert_true(c.head_dim == 256 && c.query_scalar == 256 && c.tied);
    assert_true(c.rope_theta == 1e6f && c.rope_theta_sliding == 1e4f);
    assert_true(c.activation == LM_GELU_TANH && c.full_every == 0); /* fewer than six layers */
    c = parsed("gptj", "{\"rotary_dim\": null, \"n_embd\": 256, \"n_inner\": null}");
    assert_true(c.rotary_dim == 64 && c.d_ff == 1024 && c.norm_eps == 1e-5f);
}

static void reads_windows_as_older_and_newer_files_say_them(void **state)
{
    (void)state;
    struct lm_config c = parsed("gemma3", "{\"layer_types\": null}");
    assert_true(c.window == 6 && c.full_every == 3);
    c = parsed("gemma3", "{\"layer_types\": [\"full_attention\", \"full_attention\","
                         " \"full_attention\", \"full_attention\"]}");
    assert_int_equal(c.window, 0);
    c = parsed("qwen2", "{\"sliding_window\": 4, \"layer_types\": null, \"max_window_layers\": 0}");
    assert_int_equal(c.window, 0); /* not switched on */
    c = parsed("qwen2", "{\"use_sliding_window\": true, \"sliding_window\": 4,"
                        " \"layer_types\": null, \"max_window_layers\": 2}");
    assert_int_equal(c.window, 0); /* all layers are below */
    c = parsed("qwen2", "{\"use_sliding_window\": true, \"sliding_window\": 4,"
                        " \"layer_types\": [\"sliding_attention\", \"full_attention\"]}");
    assert_true(c.window == 4 && c.full_every == 2);
}

static void reads_scaling_as_older_and_newer_files_say_it(void **state)
{
    (void)state;
    static const char old[] =
        "{\"rope_parameters\": null, \"rope_theta\": 7000, \"rope_scaling\": {\"type\": \"%s\","
        " \"factor\": 4.0, \"low_freq_factor\": 1, \"high_freq_factor\": 4,"
        " \"original_max_position_embeddings\": 8}}";
    for (enum lm_rope_kind kind = LM_ROPE_LINEAR; kind <= LM_ROPE_YARN; kind++) {
        static const char *const names[] = { "default", "linear", "dynamic", "llama3", "yarn" };
        char changes[320];
        snprintf(changes, sizeof changes, old, names[kind]);
        struct lm_config c = parsed("llama-untied", changes);
        assert_true(c.rope_theta == 7000 && c.rope_scaling.kind == kind);
        assert_true(c.rope_scaling.factor == 4);
        if (kind == LM_ROPE_YARN)
            assert_true(c.rope_scaling.beta_fast == 32 && c.rope_scaling.original_positions == 8 &&
                        c.rope_scaling.attention_factor > 1.13862f &&
                        c.rope_scaling.attention_factor < 1.13864f);
    }
}

static void refuses_what_it_cannot_do_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *model, *changes, *expected;
    } bad[] = {
        { "gpt2-model", "{\"scale_attn_by_inverse_layer_idx\": true}",
          "scale_attn_by_inverse_layer_idx is true, allowed is false" },
        { "gpt2-model", "{\"scale_attn_weights\": false}", "scale_attn_weights is false" },
        { "gpt2-model", "{\"add_cross_attention\": true}", "add_cross_attention is true" },
        { "gpt2-model", "{\"n_head\": 5}", "n_embd 32 is no multiple of n_head 5" },
        { "gpt2-model", "{\"n_embd\": null}", "n_embd is missing" },
        { "gpt2-model", "{\"attention_bias\": true}", "attention_bias is true, allowed is false" },
        { "gpt2-model", "{\"activation_function\": \"relu\"}", "activation_function is \"relu\"" },
        { "gpt2-model", "{\"architectures\": [\"GPT2DoubleHeadsModel\"]}",
          "allowed is [\"GPT2LMHeadModel\"]" },
        { "gptj", "{\"rotary_dim\": 7}", "rotary_dim is 7, allowed are even numbers up to 16" },
        { "gptj", "{\"rotary_dim\": 18}", "rotary_dim is 18, allowed are even numbers up to 16" },
        { "gptj", "{\"rotary_dim\": \"8\"}", "rotary_dim is \"8\"" },
        { "codegen", "{\"n_head\": 2}", "n_head is 2, allowed are multiples of 4" },
        { "qwen2", "{\"mlp_bias\": true}", "mlp_bias is true, allowed is false" },
        { "qwen2", "{\"num_key_value_heads\": null}", "num_key_value_heads is missing" },
        { "qwen2",
          "{\"use_sliding_window\": true, \"layer_types\": null, \"max_window_layers\": 0,"
          " \"sliding_window\": null}",
          "sliding_window is missing" },
        { "qwen2",
          "{\"use_sliding_window\": true, \"layer_types\": null, \"max_window_layers\": 1,"
          " \"sliding_window\": 4}",
          "max_window_layers is 1, allowed is layers of which every n-th is full" },
        { "gemma3", "{\"layer_types\": [\"full_attention\"]}", "layer_types is [" },
        { "gemma3",
          "{\"layer_types\": [\"sliding_attention\", \"full_attention\", \"sliding_attention\","
          " \"chunked_attention\"]}",
          "layer_types is [" },
        { "gemma3",
          "{\"layer_types\": [\"sliding_attention\", \"full_attention\", \"full_attention\","
          " \"sliding_attention\"]}",
          "every n-th is full" },
        { "gemma3", "{\"sliding_window\": 0}", "sliding_window is 0" },
        { "gemma3", "{\"sliding_window_pattern\": 0}", "sliding_window_pattern is 0" },
        { "gemma3", "{\"final_logit_softcapping\": 30.0}", "final_logit_softcapping is 30.0" },
        { "gemma3", "{\"attn_logit_softcapping\": 50.0}", "attn_logit_softcapping is 50.0" },
        { "gemma3", "{\"use_bidirectional_attention\": true}", "use_bidirectional_attention is" },
        { "gemma3", "{\"query_pre_attn_scalar\": -1}", "query_pre_attn_scalar is -1" },
        { "gemma3",
          "{\"rope_parameters\": {\"full_attention\": {\"rope_theta\": 10},"
          " \"sliding_attention\": {\"rope_type\": \"linear\", \"factor\": 2}}}",
          "in sliding_attention" },
        { "gemma3",
          "{\"rope_parameters\": {\"full_attention\": {\"rope_theta\": 10,"
          " \"partial_rotary_factor\": 0.5}}}",
          "partial_rotary_factor is 0.5" },
        { "gemma3", "{\"rope_parameters\": null, \"rope_local_base_freq\": 0}",
          "rope_local_base_freq is 0" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lm_config c = { .n_layers = 77 };
        struct leti_error err = { "" };
        assert_false(parse(bad[i].model, bad[i].changes, &c, &err));
        if (!strstr(err.text, bad[i].expected))
            fail_msg("%s %s: %s", bad[i].model, bad[i].changes, err.text);
        assert_int_equal(c.n_layers, 77);
    }
}

/* ---- folders ---- */

static struct lm_model *opened(const char *dir)
{
    struct lm_config config;
    struct lm_model *m = NULL;
    struct leti_error err = { "" };
    if (!lm_config_read(dir, &config, &err) || !lm_layout_make(dir, &config, &m, &err) ||
        !lm_layout_load(m, dir, &err))
        fail_msg("%s", err.text);
    return m;
}

/* The tensors of a golden folder under other names, and one more. */
static void write_weights(const char *model, const char *dir, const char *drop, const char *extra)
{
    struct leti_error err = { "" };
    struct lm_safetensors *file = NULL;
    struct lm_tensor_source sources[64];
    float *data[64], nothing[4] = { 0 };
    char name[64];
    snprintf(name, sizeof name, "%s/model.safetensors", model);
    assert_true(lm_safetensors_open(golden_path(name), &file, &err));
    size_t n = lm_safetensors_count(file);
    assert_true(n < 64);
    for (size_t i = 0; i < n; i++) {
        const struct lm_tensor_view *view = lm_safetensors_at(file, i);
        size_t prefix = strncmp(view->name, drop, strlen(drop)) == 0 ? strlen(drop) : 0;
        data[i] = malloc(view->n * sizeof(float));
        assert_non_null(data[i]);
        lm_tensor_to_f32(view, data[i]);
        sources[i] = (struct lm_tensor_source){ view->name + prefix, view->n_dims, { 0 }, data[i] };
        memcpy(sources[i].dims, view->dims, sizeof view->dims);
    }
    sources[n] = (struct lm_tensor_source){ extra, 2, { 2, 2 }, nothing };
    assert_true(
        lm_safetensors_write(scratch_path(dir, "model.safetensors"), sources, n + 1, LM_F32, &err));
    for (size_t i = 0; i < n; i++)
        free(data[i]);
    lm_safetensors_close(file);
}

static void opens_files_without_prefix_and_with_masks(void **state)
{
    (void)state;
    static const struct {
        const char *model, *prefix, *extra;
    } cases[] = {
        { "gpt2-model", "transformer.", "h.0.attn.bias" },
        { "codegen", "transformer.", "h.1.attn.causal_mask" },
        { "gptj", "", "transformer.h.1.attn.masked_bias" },
        { "qwen3", "model.", "layers.0.self_attn.rotary_emb.inv_freq" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dir[PATH_MAX], from[PATH_MAX];
        snprintf(dir, sizeof dir, "%s", scratch_path(scratch_dir, cases[i].model));
        snprintf(from, sizeof from, "%s", golden_path(cases[i].model));
        struct lm_model *whole = opened(from);
        struct leti_error err = { "" };
        assert_int_equal(mkdir(dir, 0777), 0);
        assert_true(lm_config_write(&whole->config, from, dir, LM_F32, &err));
        write_weights(cases[i].model, dir, cases[i].prefix, cases[i].extra);
        struct lm_model *bare = opened(dir);
        assert_true(same_config(&bare->config, &whole->config));
        assert_memory_equal(bare->params, whole->params, whole->n_params * sizeof(float));
        lm_model_close(bare);

        struct lm_config config = whole->config;
        write_weights(cases[i].model, dir, cases[i].prefix, "h.0.attn.c_proj.gate");
        assert_true(lm_layout_make(dir, &config, &bare, &err));
        assert_false(lm_layout_load(bare, dir, &err));
        assert_non_null(strstr(err.text, "h.0.attn.c_proj.gate is no part of a"));
        lm_model_close(bare);
        lm_model_close(whole);
    }
}

static void stores_what_it_undoes(void **state)
{
    (void)state;
    static const char *const models[] = { "gpt2-model", "gptj", "codegen", "gemma3" };
    for (size_t i = 0; i < 4; i++) {
        struct lm_model *m = opened(golden_path(models[i]));
        size_t moved = 0;
        for (size_t k = 0; k < m->n_tensors; k++) {
            const struct lm_tensor *t = &m->tensors[k];
            size_t n = (size_t)(t->rows * t->cols);
            float *stored = malloc(n * sizeof *stored), *again = malloc(n * sizeof *again);
            assert_true(stored && again);
            lm_tensor_store(&m->config, t, &t->storage, m->params + t->offset, stored);
            lm_tensor_unstore(&m->config, t, &t->storage, stored, again);
            assert_memory_equal(again, m->params + t->offset, n * sizeof *again);
            moved += memcmp(stored, again, n * sizeof *again) != 0;
            free(stored);
            free(again);
        }
        assert_true(moved > 0);
        lm_model_close(m);
    }
}

static void refuses_a_decoder_that_the_files_have_no_place_for(void **state)
{
    (void)state;
    struct lm_config c = parsed("qwen2", "{}");
    struct lm_model *m;
    struct leti_error err = { "" };
    c.learned_positions = true;
    assert_false(lm_layout_make("model", &c, &m, &err));
    assert_non_null(strstr(err.text, "\"qwen2\" have no place for all of its tensors"));
}

/* ---- special tokens ---- */

static struct lm_config small(enum lm_arch arch)
{
    struct lm_config c = lm_architectures[arch].base;
    c.n_layers = 5;
    c.d_model = c.d_ff = 32;
    c.n_heads = c.n_kv_heads = 4;
    c.head_dim = 8;
    c.rotary_dim = c.rotary_dim > 0 ? 4 : 0;
    c.vocab_size = 646; /* of the golden tokenizer */
    c.max_positions = 16;
    c.window = c.window > 0 ? 3 : 0;
    c.full_every = c.full_every > 0 ? 3 : 0;
    c.bos = c.eos = -1;
    return c;
}

static void adds_special_tokens_to_every_architecture(void **state)
{
    (void)state;
    for (enum lm_arch arch = LM_LLAMA; arch < LM_N_ARCHS; arch++) {
        struct lm_config c = small(arch);
        c.vocab_size += arch % 2; /* a spare row */
        struct lm_model *m;
        struct leti_error err = { "" };
        if (!lm_model_create(&c, 5, &m, &err) ||
            !lm_tokenizer_open(golden_path("gpt2"), &m->tokenizer, &err))
            fail_msg("%s", err.text);
        if (m->head_bias != LM_NONE)
            for (int32_t v = 0; v < c.vocab_size; v++)
                m->params[m->head_bias + (size_t)v] = 1.0f;
        const struct lm_layer *layer = &m->layers[1];
        float last = m->params[layer->w_down + 32 * 32 - 1];
        int32_t ids[2];
        assert_true(
            lm_model_add_specials(m, (const char *const[]){ "<|a|>", "<|b|>" }, 2, 3, ids, &err));
        layer = &m->layers[1];
        assert_true(ids[0] == 646 && ids[1] == 647 && m->config.vocab_size == 648);
        assert_true(m->params[layer->w_down + 32 * 32 - 1] == last);
        assert_true(m->params[m->embedding + 647 * 32] != 0.0f);
        assert_true(m->params[m->head + 647 * 32] != 0.0f);
        assert_true(m->params[m->final_norm] == 1.0f);
        if (m->head_bias != LM_NONE)
            assert_true(m->params[m->head_bias + 645] == 1.0f &&
                        m->params[m->head_bias + 646] == 0.0f &&
                        m->params[m->head_bias + 647] == 0.0f);
        lm_model_close(m);
    }
}

/* ---- gradients ---- */

static void recomputes_every_architecture_to_the_same_bits(void **state)
{
    (void)state;
    static const int32_t tokens[] = { 5, 4, 3, 2, 1, 0, 7, 9, 11, 13, 600, 2 };
    static const int32_t targets[] = { 4, 3, 2, 1, 0, 7, 9, 11, 13, 600, 2, 3 };
    static const int32_t starts[] = { 0, 8, 12 };
    const struct lm_batch batch = { tokens, targets, starts, 2 };
    for (enum lm_arch arch = LM_LLAMA; arch < LM_N_ARCHS; arch++) {
        struct lm_config c = small(arch);
        struct lm_model *m;
        struct lm_decoder *keeping, *lean;
        struct leti_error err = { "" };
        double loss[2];
        int64_t counted;
        if (!lm_model_create(&c, 9, &m, &err) || !lm_decoder_create(&c, 12, &keeping, &err) ||
            !lm_decoder_create_recomputing(&c, 12, &lean, &err))
            fail_msg("%s", err.text);
        float *a = calloc(m->n_params, sizeof *a), *b = calloc(m->n_params, sizeof *b);
        assert_true(a && b);
        assert_true(lm_decoder_backward(keeping, m, &batch, 1, a, &loss[0], &counted, &err));
        assert_true(lm_decoder_backward(lean, m, &batch, 1, b, &loss[1], &counted, &err));
        assert_true(loss[0] == loss[1]);
        assert_memory_equal(a, b, m->n_params * sizeof *a);
        free(a);
        free(b);
        lm_decoder_destroy(keeping);
        lm_decoder_destroy(lean);
        lm_model_close(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_each_architecture_does),
        cmocka_unit_test(has_the_defaults_of_each_architecture),
        cmocka_unit_test(reads_windows_as_older_and_newer_files_say_them),
        cmocka_unit_test(reads_scaling_as_older_and_newer_files_say_it),
        cmocka_unit_test(refuses_what_it_cannot_do_exactly),
        cmocka_unit_test(opens_files_without_prefix_and_with_masks),
        cmocka_unit_test(stores_what_it_undoes),
        cmocka_unit_test(refuses_a_decoder_that_the_files_have_no_place_for),
        cmocka_unit_test(adds_special_tokens_to_every_architecture),
        cmocka_unit_test(recomputes_every_architecture_to_the_same_bits),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
