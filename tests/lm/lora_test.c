/* lora_test - adapters against PEFT's numbers, made by golden/make_lora.py, and against themselves.
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
#include "train/lora.h"
#include "model/model_tensors.h"
#include "scratch.h"

enum { MAX_TOKENS = 64, MAX_STEPS = 64 };

static const struct lm_lora_config untied = { 4, 6, (const char *const[]){ "all-linear" }, 1 };
static const struct lm_lora_config tied = {
    3, 8, (const char *const[]){ "q_proj", "v_proj", "down_proj" }, 3
};

static const char *path(const char *name)
{
    static char paths[8][PATH_MAX];
    static int next;
    char *out = paths[next++ % 8];
    const char *source = getenv("LETI_SOURCE_DIR");
    if (snprintf(out, PATH_MAX, "%s/tests/lm/golden/%s", source ? source : ".", name) >= PATH_MAX)
        fail_msg("the path of %s is too long", name);
    return out;
}

static const char *file_of(const char *folder, const char *name)
{
    char both[256];
    snprintf(both, sizeof both, "%s/%s", folder, name);
    return path(both);
}

/* ---- a base model and its text ---- */

struct base {
    struct lm_model *model;
    struct lm_decoder *decoder;
    int32_t tokens[MAX_TOKENS], targets[MAX_TOKENS], starts[MAX_TOKENS];
    struct lm_batch batch;
    float *grad;
};

static size_t read_ints(const json_t *object, const char *key, int32_t *out)
{
    size_t i;
    const json_t *value;
    json_array_foreach(json_object_get(object, key), i, value)
    {
        assert_true(i < MAX_TOKENS);
        out[i] = (int32_t)json_integer_value(value);
    }
    return i;
}

static json_t *read_json(const char *folder)
{
    json_error_t why;
    json_t *json = json_load_file(file_of(folder, "expected.json"), 0, &why);
    if (!json)
        fail_msg("%s: %s", folder, why.text);
    return json;
}

static void read_parameters(struct lm_model *model, const char *folder)
{
    struct leti_error err;
    struct lm_safetensors *file = NULL;
    check(lm_safetensors_open(file_of(folder, "model.safetensors"), &file, &err), &err);
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct lm_tensor *t = &model->tensors[i];
        const struct lm_tensor_view *view = lm_safetensors_find(file, t->name);
        assert_non_null(view);
        float *stored = zeros(view->n);
        lm_tensor_to_f32(view, stored);
        lm_tensor_unstore(&model->config, t, &t->storage, stored, model->params + t->offset);
        free(stored);
    }
    lm_safetensors_close(file);
}

static void base_open(struct base *base, const char *folder)
{
    struct leti_error err;
    struct lm_config config;
    *base = (struct base){ 0 };
    check(lm_config_read(path(folder), &config, &err), &err);
    check(lm_model_create(&config, 1, &base->model, &err), &err);
    check(lm_decoder_create(&config, MAX_TOKENS, &base->decoder, &err), &err);
    read_parameters(base->model, folder);
    json_t *text = read_json(folder);
    read_ints(text, "tokens", base->tokens);
    read_ints(text, "targets", base->targets);
    int32_t n = (int32_t)read_ints(text, "starts", base->starts) - 1;
    base->batch = (struct lm_batch){ base->tokens, base->targets, base->starts, n };
    base->grad = zeros(base->model->n_params);
    json_decref(text);
}

static void base_close(struct base *base)
{
    lm_decoder_destroy(base->decoder);
    lm_model_close(base->model);
    free(base->grad);
}

/* Leaves the gradient of the mean loss in base->grad; returns that loss. */
static double backward(struct base *base)
{
    struct leti_error err;
    double loss;
    int64_t counted;
    check(lm_decoder_loss(base->decoder, base->model, &base->batch, &loss, &counted, NULL, &err),
          &err);
    memset(base->grad, 0, base->model->n_params * sizeof *base->grad);
    check(lm_decoder_backward(base->decoder, base->model, &base->batch,
                              (float)(1.0 / (double)counted), base->grad, &loss, &counted, &err),
          &err);
    return loss / (double)counted;
}

/* ---- PEFT's numbers ---- */

struct course {
    struct lm_adamw adamw;
    double clip, losses[MAX_STEPS], norms[MAX_STEPS];
    size_t n;
};

static size_t read_reals(const json_t *object, const char *key, double *out)
{
    size_t i;
    const json_t *value;
    json_array_foreach(json_object_get(object, key), i, value)
    {
        assert_true(i < MAX_STEPS);
        out[i] = json_real_value(value);
    }
    return i;
}

static struct course read_course(const char *folder)
{
    json_t *json = read_json(folder);
    const json_t *adamw = json_object_get(json, "adamw");
    struct course course = {
        .adamw = { .lr = (float)json_real_value(json_object_get(adamw, "lr")),
                   .beta1 = (float)json_real_value(json_object_get(adamw, "beta1")),
                   .beta2 = (float)json_real_value(json_object_get(adamw, "beta2")),
                   .eps = (float)json_real_value(json_object_get(adamw, "eps")),
                   .weight_decay = (float)json_real_value(json_object_get(adamw, "weight_decay")) },
        .clip = json_real_value(json_object_get(json, "clip")),
    };
    course.n = read_reals(json, "losses", course.losses);
    assert_int_equal(read_reals(json, "norms", course.norms), course.n);
    assert_int_equal(course.n, 20);
    json_decref(json);
    return course;
}

static double norm_of(const float *x, size_t n)
{
    double squares = 0.0;
    for (size_t i = 0; i < n; i++)
        squares += (double)x[i] * (double)x[i];
    return sqrt(squares);
}

static void train(struct base *base, struct lm_lora *lora, const struct course *course)
{
    struct leti_error err;
    struct lm_adamw adamw = course->adamw;
    float *grad = zeros(lora->n_params), *m = zeros(lora->n_params), *v = zeros(lora->n_params);
    double worst = 0.0;
    for (size_t step = 0; step < course->n; step++) {
        double loss = backward(base);
        check(lm_lora_backward(lora, base->model, base->grad, grad, &err), &err);
        double norm = norm_of(grad, lora->n_params);
        worst = fmax(worst, fabs(loss / course->losses[step] - 1.0));
        worst = fmax(worst, fabs(norm / course->norms[step] - 1.0));
        double share = fmin(1.0, course->clip / (norm + 1e-6));
        for (size_t i = 0; i < lora->n_params; i++)
            grad[i] *= (float)share;
        adamw.step = (int64_t)step + 1;
        for (size_t i = 0; i < lora->n_tensors; i++) {
            const struct lm_tensor *t = &lora->tensors[i];
            lm_adamw_update(&adamw, lora->params + t->offset, grad + t->offset, m + t->offset,
                            v + t->offset, (size_t)(t->rows * t->cols), t->decay);
        }
        check(lm_lora_merge(lora, base->model, &err), &err);
    }
    print_message("losses and norms: largest difference %.2g\n", worst);
    assert_true(worst < 1e-4);
    free(grad);
    free(m);
    free(v);
}

static void assert_same_adapter(const struct lm_lora *got, const struct lm_lora *want, double most)
{
    double worst = 0.0;
    assert_int_equal(got->n_tensors, want->n_tensors);
    for (size_t i = 0; i < want->n_tensors; i++) {
        const struct lm_tensor *t = &want->tensors[i];
        assert_string_equal(got->tensors[i].name, t->name);
        worst = fmax(worst, distance(got->params + t->offset, want->params + t->offset,
                                     (size_t)(t->rows * t->cols)));
    }
    print_message("adapter: largest difference %.2g\n", worst);
    assert_true(worst <= most);
}

static void assert_logits(struct base *base, const char *folder)
{
    struct leti_error err;
    struct lm_safetensors *file = NULL;
    size_t n = (size_t)base->starts[base->batch.n_seqs] * (size_t)base->model->config.vocab_size;
    float *got = zeros(n), *want = zeros(n);
    double worst = 0.0;
    check(lm_safetensors_open(file_of(folder, "expected.safetensors"), &file, &err), &err);
    const struct lm_tensor_view *view = lm_safetensors_find(file, "logits");
    assert_true(view && view->n == n);
    lm_tensor_to_f32(view, want);
    check(lm_decoder_logits(base->decoder, base->model, &base->batch, got, &err), &err);
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)got[i] - (double)want[i]));
    print_message("logits: largest difference %.2g\n", worst);
    assert_true(worst < 1e-4);
    lm_safetensors_close(file);
    free(got);
    free(want);
}

static void assert_as_peft(const char *folder, const char *model,
                           const struct lm_lora_config *config)
{
    struct leti_error err;
    struct base base;
    struct lm_lora *lora = NULL, *last = NULL;
    struct course course = read_course(folder);
    base_open(&base, model);
    check(lm_lora_open(base.model, config, file_of(folder, "last"), &last, &err), &err);
    check(lm_lora_open(base.model, config, file_of(folder, "first"), &lora, &err), &err);
    check(lm_lora_merge(lora, base.model, &err), &err);
    train(&base, lora, &course);
    assert_same_adapter(lora, last, 1e-4);
    assert_logits(&base, folder);
    lm_lora_destroy(lora);
    lm_lora_destroy(last);
    base_close(&base);
}

static void trains_all_linear_layers_and_untied_rows_as_peft_does(void **state)
{
    (void)state;
    assert_as_peft("lora-untied", "llama-untied", &untied);
}

static void trains_named_layers_and_tied_rows_as_peft_does(void **state)
{
    (void)state;
    assert_as_peft("lora-tied", "llama-tied", &tied);
}

static void keeps_the_order_of_rows_in_codegens_files(void **state)
{
    (void)state;
    assert_as_peft("lora-codegen", "codegen", &untied);
}

static void adapts_matrices_that_lie_transposed(void **state)
{
    (void)state;
    const char *const targets[] = { "c_attn", "c_proj" };
    const struct lm_lora_config config = { 3, 8, targets, 2 };
    assert_as_peft("lora-gpt2", "gpt2-model", &config);
}

/* ---- on its own ---- */

static void begins_as_the_model_that_it_adapts(void **state)
{
    (void)state;
    struct leti_error err;
    struct base base;
    struct lm_lora *lora = NULL, *again = NULL;
    base_open(&base, "llama-tied");
    double before = backward(&base);
    check(lm_lora_create(base.model, &tied, 7, &lora, &err), &err);
    check(lm_lora_create(base.model, &tied, 7, &again, &err), &err);
    check(lm_lora_add_rows(lora, base.model, (const int32_t[]){ 5, 9, 5 }, 3, &err), &err);
    check(lm_lora_merge(lora, base.model, &err), &err);
    assert_true(backward(&base) == before);
    assert_int_equal(lora->n_rows, 2);
    assert_int_equal(lora->n_tensors, again->n_tensors + 1);
    double largest = 0.0;
    for (size_t i = 0; i < 32; i++)
        largest = fmax(largest, fabs((double)lora->params[lora->tensors[0].offset + i]));
    assert_true(largest > 0.1 && largest <= 1.0 / sqrt(32.0)); /* kaiming, in = 32 */
    assert_memory_equal(lora->params, again->params, again->n_params * sizeof(float));
    lm_lora_destroy(lora);
    lm_lora_destroy(again);
    base_close(&base);
}

static void keeps_what_it_learned_when_rows_are_added(void **state)
{
    (void)state;
    struct leti_error err;
    struct base base;
    struct lm_lora *lora = NULL;
    base_open(&base, "llama-untied");
    check(lm_lora_open(base.model, &untied, path("lora-untied/last"), &lora, &err), &err);
    check(lm_lora_merge(lora, base.model, &err), &err);
    double before = backward(&base);
    size_t n = lora->n_rows;
    check(lm_lora_add_rows(lora, base.model, (const int32_t[]){ 1, 60 }, 2, &err), &err);
    assert_int_equal(lora->n_rows, n + 1);
    check(lm_lora_merge(lora, base.model, &err), &err);
    assert_true(backward(&base) == before);
    lm_lora_destroy(lora);
    base_close(&base);
}

static void assert_same_tensors(const char *got, const char *want)
{
    struct leti_error err;
    struct lm_safetensors *a = NULL, *b = NULL;
    check(lm_safetensors_open(got, &a, &err), &err);
    check(lm_safetensors_open(want, &b, &err), &err);
    assert_int_equal(lm_safetensors_count(a), lm_safetensors_count(b));
    for (size_t i = 0; i < lm_safetensors_count(b); i++) {
        const struct lm_tensor_view *y = lm_safetensors_at(b, i);
        const struct lm_tensor_view *x = lm_safetensors_find(a, y->name);
        assert_true(x && x->n == y->n);
        assert_memory_equal(x->data, y->data, y->n * sizeof(float));
    }
    lm_safetensors_close(a);
    lm_safetensors_close(b);
}

/* What is saved is what PEFT had saved. */
static void assert_comes_back(const char *adapter, const char *model)
{
    struct leti_error err;
    struct base base;
    struct lm_lora *lora = NULL, *back = NULL;
    char name[PATH_MAX];
    const char *source = file_of(adapter, "last"), *folder = scratch_path(scratch_dir, adapter);
    base_open(&base, model);
    check(lm_lora_open(base.model, &untied, source, &lora, &err), &err);
    check(lm_lora_save(lora, base.model, "/models/base", folder, &err), &err);
    assert_true(lm_lora_exists(folder));
    check(lm_lora_base(folder, name, &err), &err);
    assert_string_equal(name, "/models/base");
    check(lm_lora_open(base.model, &untied, folder, &back, &err), &err);
    assert_same_adapter(back, lora, 0.0);
    assert_int_equal(back->n_rows, lora->n_rows);
    assert_same_tensors(scratch_path(folder, "adapter_model.safetensors"),
                        file_of(adapter, "last/adapter_model.safetensors"));
    lm_lora_destroy(lora);
    lm_lora_destroy(back);
    base_close(&base);
}

static void comes_back_from_disk_to_the_bit(void **state)
{
    (void)state;
    assert_comes_back("lora-untied", "llama-untied");
    assert_comes_back("lora-codegen", "codegen");
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    struct leti_error err;
    struct base base;
    struct lm_lora *lora = NULL;
    struct lm_lora_config other = tied;
    const char *const missing[] = { "q_proj", "c_attn" };
    base_open(&base, "llama-tied");
    other.rank = 5;
    assert_false(lm_lora_open(base.model, &other, path("lora-tied/last"), &lora, &err));
    assert_non_null(strstr(err.text, "r is 3, the rank asked for is 5"));
    other = tied;
    other.alpha = 3;
    assert_false(lm_lora_open(base.model, &other, path("lora-tied/last"), &lora, &err));
    assert_non_null(strstr(err.text, "lora_alpha is 8"));
    other = (struct lm_lora_config){ 3, 8, missing, 1 };
    assert_false(lm_lora_open(base.model, &other, path("lora-tied/last"), &lora, &err));
    assert_non_null(strstr(err.text, "target_modules"));
    other = (struct lm_lora_config){ 3, 8, missing, 2 };
    assert_false(lm_lora_create(base.model, &other, 1, &lora, &err));
    assert_non_null(strstr(err.text, "c_attn; it has all-linear, q_proj, k_proj"));
    assert_false(lm_lora_open(base.model, &untied, path("lora-untied/last"), &lora, &err));
    assert_non_null(strstr(err.text, "30 tensors, its settings say 29"));
    base_close(&base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trains_all_linear_layers_and_untied_rows_as_peft_does),
        cmocka_unit_test(trains_named_layers_and_tied_rows_as_peft_does),
        cmocka_unit_test(keeps_the_order_of_rows_in_codegens_files),
        cmocka_unit_test(adapts_matrices_that_lie_transposed),
        cmocka_unit_test(begins_as_the_model_that_it_adapts),
        cmocka_unit_test(keeps_what_it_learned_when_rows_are_added),
        cmocka_unit_test(comes_back_from_disk_to_the_bit),
        cmocka_unit_test(refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
