/* gguf_real - a pre-trained model from its GGUF file says what `transformers` makes it say.
 *
 * A program a model, which is called MODEL. LETI_MODELS is the folder with MODEL in it;
 * golden/gguf/MODEL.* has prompts, logits and greedy continuations (golden/make_gguf_model.py). In
 * f32.
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
#include <jansson.h>

#include "train/decoder.h"
#include "generate/engine.h"
#include "scratch.h"

enum { N_PROMPTS = 10, SHOWN = 64, CONTINUED = 64 };

struct real {
    struct lm_model *model;
    json_t *golden;
    struct lm_safetensors *logits;
};

static const char *golden_path(const char *end)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/tests/lm/golden/gguf/" MODEL ".%s", getenv("LETI_SOURCE_DIR"),
             end);
    return path;
}

static int open_all(void **state)
{
    static struct real r;
    struct leti_error err = { "LETI_MODELS names no folder of models" };
    const char *models = getenv("LETI_MODELS");
    r.golden = json_load_file(golden_path("json"), 0, NULL);
    if (!models || !r.golden || !lm_safetensors_open(golden_path("safetensors"), &r.logits, &err) ||
        !lm_model_open(scratch_path(models, MODEL), &r.model, &err)) {
        print_error("%s\n", err.text);
        return -1;
    }
    r.model->config.eos = -1; /* the continuations go on */
    *state = &r;
    return 0;
}

static int close_all(void **state)
{
    struct real *r = *state;
    lm_model_close(r->model);
    lm_safetensors_close(r->logits);
    json_decref(r->golden);
    return 0;
}

static const json_t *prompt_of(const struct real *r, size_t i)
{
    return json_array_get(json_object_get(r->golden, "prompts"), i);
}

static size_t ids_of(const json_t *prompt, const char *field, int32_t ids[256])
{
    const json_t *array = json_object_get(prompt, field);
    size_t n = json_array_size(array);
    assert_in_range(n, 1, 256);
    for (size_t i = 0; i < n; i++)
        ids[i] = (int32_t)json_integer_value(json_array_get(array, i));
    return n;
}

/* Largest difference from the n rows of SHOWN reference logits. */
static double worst_of(const struct real *r, const int32_t *ids, size_t n, const float *reference)
{
    size_t V = (size_t)r->model->config.vocab_size;
    size_t stride = (size_t)json_integer_value(json_object_get(r->golden, "stride"));
    float *logits = aligned_alloc(64, (n * V * sizeof *logits + 63) / 64 * 64);
    assert_non_null(logits);
    const struct lm_batch batch = { ids, NULL, (const int32_t[]){ 0, (int32_t)n }, 1 };
    struct lm_decoder *decoder;
    struct leti_error err;
    if (!lm_decoder_create(&r->model->config, (int64_t)n, &decoder, &err) ||
        !lm_decoder_logits(decoder, r->model, &batch, logits, &err))
        fail_msg("%s", err.text);
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < SHOWN; k++)
            worst =
                fmax(worst, fabs((double)(logits[i * V + k * stride] - reference[i * SHOWN + k])));
    lm_decoder_destroy(decoder);
    free(logits);
    return worst;
}

static void gives_the_reference_logits(void **state)
{
    const struct real *r = *state;
    const struct lm_tensor_view *view = lm_safetensors_find(r->logits, "logits");
    assert_non_null(view);
    float *reference = malloc(view->n * sizeof *reference);
    assert_non_null(reference);
    lm_tensor_to_f32(view, reference);
    const float *at = reference;
    for (size_t i = 0; i < N_PROMPTS; i++) {
        int32_t ids[256];
        size_t n = ids_of(prompt_of(r, i), "tokens", ids);
        assert_true(at + n * SHOWN <= reference + view->n);
        double worst = worst_of(r, ids, n, at);
        if (!(worst <= 1e-3))
            fail_msg("prompt %zu: a logit differs by %g", i, worst);
        at += n * SHOWN;
    }
    assert_ptr_equal(at, reference + view->n);
    free(reference);
}

struct found {
    const struct real *r;
    size_t n, wrong;
};

static void compare(void *context, const struct lm_sample *sample)
{
    struct found *f = context;
    int32_t expected[256];
    size_t n = ids_of(prompt_of(f->r, sample->request), "greedy", expected);
    assert_int_equal(n, CONTINUED);
    assert_int_equal(sample->n_tokens, n);
    for (size_t i = 0; i < n; i++)
        f->wrong += sample->tokens[i] != expected[i];
    f->n++;
}

static void continues_greedily_token_for_token(void **state)
{
    const struct real *r = *state;
    struct lm_engine *engine;
    struct leti_error err;
    struct lm_stops none = { 0 };
    if (!lm_engine_create(r->model, N_PROMPTS, 256, &engine, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < N_PROMPTS; i++) {
        int32_t ids[256];
        size_t n = ids_of(prompt_of(r, i), "tokens", ids);
        const struct lm_sampling greedy = { .top_p = 1, .max_length = (int32_t)(n + CONTINUED) };
        if (!lm_engine_submit(engine, i, ids, n, &greedy, &none, &(uint64_t){ 1 }, 1, &err))
            fail_msg("%s", err.text);
    }
    struct found found = { .r = r };
    for (size_t open = 1; open > 0;) {
        if (!lm_engine_step(engine, compare, &found, &open, &err))
            fail_msg("%s", err.text);
    }
    lm_engine_destroy(engine);
    assert_int_equal(found.n, N_PROMPTS);
    assert_int_equal(found.wrong, 0);
}

static void makes_the_same_tokens_of_a_text(void **state)
{
    const struct real *r = *state;
    for (size_t i = 0; i < N_PROMPTS; i++) {
        const json_t *text = json_object_get(prompt_of(r, i), "text");
        int32_t expected[256];
        size_t n = ids_of(prompt_of(r, i), "tokens", expected);
        size_t first = n > 0 && expected[0] == r->model->config.bos &&
                       r->model->config.arch == LM_GEMMA3; /* put in front by the reference */
        struct lm_ids ids = { 0 };
        struct leti_error err;
        if (!lm_tokenizer_encode(r->model->tokenizer, json_string_value(text),
                                 json_string_length(text), true, &ids, &err))
            fail_msg("%s", err.text);
        assert_int_equal(ids.n, n - first);
        assert_memory_equal(ids.ids, expected + first, ids.n * sizeof *ids.ids);
        free(ids.ids);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_same_tokens_of_a_text),
        cmocka_unit_test(gives_the_reference_logits),
        cmocka_unit_test(continues_greedily_token_for_token),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
