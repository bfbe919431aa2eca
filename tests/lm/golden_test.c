/* golden_test - the decoder and AdamW against PyTorch's numbers, made by golden/make_model.py.
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

#include "decoder.h"
#include "safetensors.h"

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

static void check(bool ok, const struct leti_error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

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

static void read_parameters(struct golden *golden, const char *model)
{
    struct leti_error err;
    struct lm_safetensors *file = NULL;
    check(lm_safetensors_open(path(model, "model.safetensors"), &file, &err), &err);
    for (size_t i = 0; i < golden->model->n_tensors; i++) {
        const struct lm_tensor *tensor = &golden->model->tensors[i];
        const struct lm_tensor_view *view = lm_safetensors_find(file, tensor->name);
        if (!view || view->n != (size_t)(tensor->rows * tensor->cols))
            fail_msg("%s: %s", model, tensor->name);
        lm_tensor_to_f32(view, golden->model->params + tensor->offset);
    }
    lm_safetensors_close(file);
}

static float *zeros(size_t n)
{
    float *x = calloc(n, sizeof *x);
    assert_non_null(x);
    return x;
}

static void golden_open(struct golden *golden, const char *model)
{
    struct leti_error err;
    struct lm_config config;
    *golden = (struct golden){ 0 };
    check(lm_config_read(path(model, ""), &config, &err), &err);
    check(lm_model_create(&config, 1, &golden->model, &err), &err);
    check(lm_decoder_create(&config, MAX_TOKENS, &golden->decoder, &err), &err);
    check(lm_safetensors_open(path(model, "expected.safetensors"), &golden->expected, &err), &err);
    read_parameters(golden, model);
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

/* The length of the difference, as a share of the length of what is expected. */
static double distance(const float *got, const float *want, size_t n)
{
    double apart = 0.0, length = 0.0;
    for (size_t i = 0; i < n; i++) {
        apart += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
        length += (double)want[i] * (double)want[i];
    }
    return sqrt(apart / length);
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
        char name[128];
        snprintf(name, sizeof name, "grad.%s", tensor->name);
        float *want = expected(golden, name, n);
        double apart = distance(golden->grad + tensor->offset, want, n);
        if (!(apart < 1e-3))
            fail_msg("%s is %.2g off", name, apart);
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

static void agrees_with(const char *model)
{
    struct golden golden;
    golden_open(&golden, model);
    assert_logits(&golden);
    assert_gradients(&golden);
    assert_steps(&golden);
    golden_close(&golden);
}

static void agrees_with_pytorch_untied(void **state)
{
    (void)state;
    agrees_with("llama-untied");
}

static void agrees_with_pytorch_tied(void **state)
{
    (void)state;
    agrees_with("llama-tied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_pytorch_untied),
        cmocka_unit_test(agrees_with_pytorch_tied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
