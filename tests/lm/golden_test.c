/* golden_test - every architecture against the numbers of `transformers`, made by
 * golden/make_model.py: logits, gradients, steps of AdamW; the generator against the trainer; saved
 * folders against what was opened.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "train/decoder.h"
#include "golden.h"
#include "generate/forward.h"
#include "model/model_layout.h"
#include "model/model_tensors.h"
#include "model/safetensors.h"
#include "same_config.h"
#include "scratch.h"

enum { MAX_TOKENS = 64, MAX_STEPS = 64 };

struct golden {
    struct lm_model *model;
    struct lm_decoder *decoder;
    struct lm_safetensors *expected;
    struct lm_adamw adamw;
    int32_t tokens[MAX_TOKENS], targets[MAX_TOKENS], starts[MAX_TOKENS];
    struct lm_batch batch;
    double losses[MAX_STEPS]; /* before each step */
    size_t n_steps;
    float *grad, *m, *v;
};

static const char *path(const char *model, const char *file)
{
    static char out[PATH_MAX];
    const char *source = getenv("LETI_SOURCE_DIR");
    snprintf(out, sizeof out, "%s/tests/lm/golden/%s/%s", source ? source : ".", model, file);
    return out;
}

static size_t read_ints(const json_t *object, const char *key, int32_t *out)
{
    size_t i;
    const json_t *value;
    json_array_foreach(json_object_get(object, key), i, value)
    {
        assert_true(i < MAX_TOKENS);
        out[i] = (int32_t)json_integer_value(value);
    }
    assert_true(i > 0);
    return i;
}

static void read_numbers(struct golden *golden, const char *model)
{
    json_error_t why;
    size_t i;
    const json_t *value;
    json_t *numbers = json_load_file(path(model, "expected.json"), 0, &why);
    if (!numbers)
        fail_msg("%s: %s", model, why.text);
    read_ints(numbers, "tokens", golden->tokens);
    read_ints(numbers, "targets", golden->targets);
    int32_t n_seqs = (int32_t)read_ints(numbers, "starts", golden->starts) - 1;
    golden->batch = (struct lm_batch){ golden->tokens, golden->targets, golden->starts, n_seqs };
    json_array_foreach(json_object_get(numbers, "losses"), i, value)
    {
        assert_true(i < MAX_STEPS);
        golden->losses[i] = json_real_value(value);
    }
    golden->n_steps = i;
    const json_t *adamw = json_object_get(numbers, "adamw");
    golden->adamw = (struct lm_adamw){
        .lr = (float)json_real_value(json_object_get(adamw, "lr")),
        .beta1 = (float)json_real_value(json_object_get(adamw, "beta1")),
        .beta2 = (float)json_real_value(json_object_get(adamw, "beta2")),
        .eps = (float)json_real_value(json_object_get(adamw, "eps")),
        .weight_decay = (float)json_real_value(json_object_get(adamw, "weight_decay")),
    };
    json_decref(numbers);
}

static void golden_open(struct golden *golden, const char *model)
{
    struct leti_error err;
    struct lm_config config;
    *golden = (struct golden){ 0 };
    check(lm_config_read(path(model, ""), &config, &err), &err);
    check(lm_layout_make(model, &config, &golden->model, &err), &err);
    check(lm_layout_load(golden->model, path(model, ""), &err), &err);
    check(lm_decoder_create(&config, MAX_TOKENS, &golden->decoder, &err), &err);
    check(lm_safetensors_open(path(model, "expected.safetensors"), &golden->expected, &err), &err);
    read_numbers(golden, model);
    golden->grad = zeros(golden->model->n_params);
    golden->m = zeros(golden->model->n_params);
    golden->v = zeros(golden->model->n_params);
}

static void golden_close(struct golden *golden)
{
    lm_safetensors_close(golden->expected);
    lm_decoder_destroy(golden->decoder);
    lm_model_close(golden->model);
    free(golden->grad);
    free(golden->m);
    free(golden->v);
}

/* What a file expects; the caller frees it. */
static float *expected(const struct golden *golden, const char *name, size_t n)
{
    const struct lm_tensor_view *view = lm_safetensors_find(golden->expected, name);
    if (!view || view->n != n)
        fail_msg("the file expects no %zu numbers %s", n, name);
    float *out = zeros(n);
    lm_tensor_to_f32(view, out);
    return out;
}

/* The gradient of a tensor, from the file's order to ours. */
static float *expected_gradient(const struct golden *golden, const struct lm_tensor *t)
{
    size_t n = (size_t)(t->rows * t->cols);
    struct lm_storage storage = t->storage;
    char name[128];
    snprintf(name, sizeof name, "grad.%s", t->name);
    float *stored = expected(golden, name, n), *out = zeros(n);
    storage.less = 0;
    lm_tensor_unstore(&golden->model->config, t, &storage, stored, out);
    free(stored);
    return out;
}

static void assert_logits(struct golden *golden)
{
    struct leti_error err;
    size_t n =
        (size_t)golden->starts[golden->batch.n_seqs] * (size_t)golden->model->config.vocab_size;
    float *logits = zeros(n), *want = expected(golden, "logits", n);
    double worst = 0.0;
    check(lm_decoder_logits(golden->decoder, golden->model, &golden->batch, logits, &err), &err);
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)logits[i] - (double)want[i]));
    print_message("logits: largest difference %.2g\n", worst);
    assert_true(worst < 1e-4);
    free(logits);
    free(want);
}

static double backward(struct golden *golden)
{
    struct leti_error err;
    double loss;
    int64_t counted;
    check(lm_decoder_loss(golden->decoder, golden->model, &golden->batch, &loss, &counted, NULL,
                          &err),
          &err);
    memset(golden->grad, 0, golden->model->n_params * sizeof *golden->grad);
    check(lm_decoder_backward(golden->decoder, golden->model, &golden->batch,
                              (float)(1.0 / (double)counted), golden->grad, &loss, &counted, &err),
          &err);
    return loss / (double)counted;
}

static void assert_gradients(struct golden *golden)
{
    double worst = 0.0;
    backward(golden);
    for (size_t i = 0; i < golden->model->n_tensors; i++) {
        const struct lm_tensor *tensor = &golden->model->tensors[i];
        size_t n = (size_t)(tensor->rows * tensor->cols);
        float *want = expected_gradient(golden, tensor);
        double apart = distance(golden->grad + tensor->offset, want, n);
        if (!(apart < 1e-3))
            fail_msg("%s is %.2g off", tensor->name, apart);
        worst = fmax(worst, apart);
        free(want);
    }
    print_message("gradients: largest relative difference of a tensor %.2g\n", worst);
}

static void assert_steps(struct golden *golden)
{
    double worst = 0.0;
    struct lm_adamw *adamw = &golden->adamw;
    assert_true(golden->n_steps == 20);
    for (adamw->step = 1; adamw->step <= (int64_t)golden->n_steps; adamw->step++) {
        double loss = backward(golden), want = golden->losses[adamw->step - 1];
        if (!(fabs(loss - want) < 1e-3 * want))
            fail_msg("loss %.6f before step %lld, should be %.6f", loss, (long long)adamw->step,
                     want);
        worst = fmax(worst, fabs(loss - want) / want);
        for (size_t i = 0; i < golden->model->n_tensors; i++) {
            const struct lm_tensor *tensor = &golden->model->tensors[i];
            size_t at = tensor->offset;
            lm_adamw_update(adamw, golden->model->params + at, golden->grad + at, golden->m + at,
                            golden->v + at, (size_t)(tensor->rows * tensor->cols), tensor->decay);
        }
    }
    print_message("20 steps: largest relative difference of the loss %.2g\n", worst);
}

/* ---- the generator ---- */

/* The first sequence with a prompt of n tokens, its other tokens one at a time, for two rows that
 * share the prompt. */
static void generate(const struct golden *golden, struct lm_forward *forward,
                     struct lm_kv_cache *cache, int32_t n, const float *want)
{
    struct leti_error err;
    struct lm_kv_block *prompt, *own[2];
    size_t V = (size_t)golden->model->config.vocab_size, C = (size_t)golden->model->config.d_model;
    float *hidden = zeros(2 * C), *logits = zeros(LM_ROWS * V);
    check(lm_kv_take(cache, &prompt, &err) && lm_kv_take(cache, &own[0], &err) &&
              lm_kv_take(cache, &own[1], &err),
          &err);
    struct lm_prefill prefill = { golden->tokens, n, prompt, hidden };
    check(lm_forward_prefill(forward, &prefill, 1, &err), &err);
    memcpy(hidden + C, hidden, C * sizeof *hidden);
    for (int32_t at = n; at <= golden->starts[1]; at++) {
        check(lm_forward_logits(forward, hidden, 2, logits, &err), &err);
        for (size_t i = 0; i < 2 * V; i++)
            if (!(fabs((double)(logits[i] - want[(size_t)(at - 1) * V + i % V])) < 1e-4))
                fail_msg("logit %zu of row %zu after %d tokens, %d of them prompt: %f, %f wanted",
                         i % V, i / V, at, n, (double)logits[i],
                         (double)want[(size_t)(at - 1) * V + i % V]);
        if (at == golden->starts[1])
            break;
        struct lm_decode rows[2];
        for (int i = 0; i < 2; i++)
            rows[i] = (struct lm_decode){ golden->tokens[at], prompt, n, own[i], at - n };
        check(lm_forward_decode(forward, rows, 2, hidden, &err), &err);
    }
    lm_kv_give(cache, prompt);
    lm_kv_give(cache, own[0]);
    lm_kv_give(cache, own[1]);
    free(hidden);
    free(logits);
}

static void assert_generation(const struct golden *golden)
{
    struct leti_error err;
    struct lm_kv_cache *cache;
    struct lm_weights weights;
    struct lm_products *products;
    struct lm_forward *forward;
    const struct lm_config *config = &golden->model->config;
    float *want =
        expected(golden, "logits",
                 (size_t)golden->starts[golden->batch.n_seqs] * (size_t)config->vocab_size);
    lm_weights_init(&weights, false);
    check(lm_weights_update(&weights, golden->model, &err), &err);
    check(lm_kv_cache_create(config, config->max_positions, &cache, &err), &err);
    check(lm_products_create(&products, &err), &err);
    check(lm_forward_create(golden->model, &weights, products, cache, config->max_positions,
                            MAX_TOKENS, &forward, &err),
          &err);
    for (int32_t n = 1; n < golden->starts[1]; n += 4)
        generate(golden, forward, cache, n, want);
    lm_forward_destroy(forward);
    lm_products_destroy(products);
    lm_kv_cache_destroy(cache);
    lm_weights_clear(&weights);
    free(want);
}

/* ---- saved folders ---- */

static void assert_saves(const struct golden *golden, const char *model)
{
    struct leti_error err;
    struct lm_config config;
    struct lm_model *again;
    char dir[PATH_MAX], from[PATH_MAX];
    snprintf(from, sizeof from, "%s", path(model, ""));
    for (int i = 0; i < 2; i++) { /* with fields of the folder that it came from, and without */
        char name[64];
        snprintf(name, sizeof name, "%.32s-%s", model, i ? "alone" : "from");
        snprintf(dir, sizeof dir, "%s", scratch_path(scratch_dir, name));
        check(lm_model_save(golden->model, i ? NULL : from, dir, LM_F32, &err), &err);
        check(lm_config_read(dir, &config, &err), &err);
        assert_true(same_config(&config, &golden->model->config));
        check(lm_layout_make(dir, &config, &again, &err) && lm_layout_load(again, dir, &err), &err);
        assert_int_equal(again->n_params, golden->model->n_params);
        assert_memory_equal(again->params, golden->model->params, again->n_params * sizeof(float));
        lm_model_close(again);
    }
}

static void agrees_with_transformers(void **state)
{
    struct golden golden;
    golden_open(&golden, *state);
    assert_saves(&golden, *state);
    assert_generation(&golden);
    assert_logits(&golden);
    assert_gradients(&golden);
    assert_steps(&golden);
    golden_close(&golden);
}

int main(void)
{
    static const char *const models[] = {
        "llama-untied", "llama-tied", "llama-biases",  "llama-linear", "llama-llama3",
        "qwen2",        "qwen2-yarn", "qwen2-windows", "qwen3",        "gemma3",
        "gpt2-model",   "gptj",       "codegen",
    };
    enum { N = sizeof models / sizeof models[0] };
    struct CMUnitTest tests[N];
    char names[N][64];
    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "agrees_with_transformers_%s", models[i]);
        tests[i] = (struct CMUnitTest){ .name = names[i],
                                        .test_func = agrees_with_transformers,
                                        .initial_state = (void *)(uintptr_t)models[i] };
    }
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
