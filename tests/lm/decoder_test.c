/* decoder_test - the training pass: its gradient against central differences of its loss, and that
 * packing, order and chunks change nothing.
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

#include "train/decoder.h"
#include "leti/plugin.h"

static const struct lm_config untied = {
    .n_layers = 2,
    .d_model = 24,
    .n_heads = 4,
    .n_kv_heads = 2,
    .head_dim = 8,
    .d_ff = 40,
    .vocab_size = 50,
    .max_positions = 600,
    .rope_theta = 10000.0f,
    .norm_eps = 1e-5f,
    .bos = -1,
    .eos = 0,
};

static uint64_t counter;

static double uniform(void)
{
    return (double)(leti_mix(11, counter++) >> 11) / (double)(UINT64_C(1) << 53);
}

/* Parameters of a size at which every tensor has a gradient that can be told from rounding. */
static struct lm_model *model_of(const struct lm_config *config)
{
    struct leti_error err;
    struct lm_model *model = NULL;
    if (!lm_model_create(config, 3, &model, &err))
        fail_msg("%s", err.text);
    for (size_t t = 0; t < model->n_tensors; t++) {
        const struct lm_tensor *tensor = &model->tensors[t];
        for (int64_t i = 0; i < tensor->rows * tensor->cols; i++)
            model->params[tensor->offset + (size_t)i] =
                (float)(tensor->decay ? uniform() - 0.5 : uniform() + 0.5);
    }
    return model;
}

static struct lm_decoder *decoder_of(const struct lm_config *config, int64_t max_tokens)
{
    struct leti_error err;
    struct lm_decoder *decoder = NULL;
    if (!lm_decoder_create(config, max_tokens, &decoder, &err))
        fail_msg("%s", err.text);
    return decoder;
}

static struct lm_decoder *recomputing(const struct lm_config *config, int64_t max_tokens)
{
    struct leti_error err;
    struct lm_decoder *decoder = NULL;
    if (!lm_decoder_create_recomputing(config, max_tokens, &decoder, &err))
        fail_msg("%s", err.text);
    return decoder;
}

/* Random tokens; every seventh target is not counted. */
static void fill_batch(int32_t *tokens, int32_t *targets, int32_t n, int32_t vocab)
{
    for (int32_t i = 0; i < n; i++) {
        tokens[i] = (int32_t)(uniform() * vocab);
        targets[i] = i % 7 == 6 ? -1 : (int32_t)(uniform() * vocab);
    }
}

static double loss_of(struct lm_decoder *decoder, const struct lm_model *model,
                      const struct lm_batch *batch)
{
    struct leti_error err;
    double loss;
    int64_t counted;
    if (!lm_decoder_loss(decoder, model, batch, &loss, &counted, NULL, &err))
        fail_msg("%s", err.text);
    return loss;
}

static double gradient_of(struct lm_decoder *decoder, const struct lm_model *model,
                          const struct lm_batch *batch, float scale, float *grad)
{
    struct leti_error err;
    double loss;
    int64_t counted;
    if (!lm_decoder_backward(decoder, model, batch, scale, grad, &loss, &counted, &err))
        fail_msg("%s", err.text);
    return loss;
}

/* ---- gradient ---- */

/* The slope of the loss along a direction within one tensor. */
static double slope(struct lm_decoder *decoder, struct lm_model *model,
                    const struct lm_batch *batch, const struct lm_tensor *tensor,
                    const float *direction, double step)
{
    size_t n = (size_t)(tensor->rows * tensor->cols);
    float *x = model->params + tensor->offset, *kept = malloc(n * sizeof *kept);
    double loss[2];
    assert_non_null(kept);
    memcpy(kept, x, n * sizeof *x);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            x[i] = kept[i] + (float)((side ? step : -step) * (double)direction[i]);
        loss[side] = loss_of(decoder, model, batch);
    }
    memcpy(x, kept, n * sizeof *x);
    free(kept);
    return (loss[1] - loss[0]) / (2.0 * step);
}

/* Along the gradient itself the slope is its length; along a random direction, their product. */
static void assert_tensor_gradient(struct lm_decoder *decoder, struct lm_model *model,
                                   const struct lm_batch *batch, const struct lm_tensor *tensor,
                                   const float *grad)
{
    size_t n = (size_t)(tensor->rows * tensor->cols);
    const float *g = grad + tensor->offset;
    float *direction = malloc(n * sizeof *direction);
    double length = 0.0, along = 0.0;
    assert_non_null(direction);
    for (size_t i = 0; i < n; i++)
        length += (double)g[i] * (double)g[i];
    length = sqrt(length);
    assert_true(length > 0.0);
    for (size_t i = 0; i < n; i++)
        direction[i] = (float)((double)g[i] / length);
    double measured = slope(decoder, model, batch, tensor, direction, 4e-3);
    if (!(fabs(measured - length) < 2e-3 * length))
        fail_msg("%s: slope %.6g along a gradient of length %.6g", tensor->name, measured, length);

    for (size_t i = 0; i < n; i++) {
        direction[i] = (float)((uniform() < 0.5 ? -1.0 : 1.0) / sqrt((double)n));
        along += (double)g[i] * (double)direction[i];
    }
    measured = slope(decoder, model, batch, tensor, direction, 4e-3);
    if (!(fabs(measured - along) < 2e-3 * length))
        fail_msg("%s: slope %.6g where the gradient says %.6g", tensor->name, measured, along);
    free(direction);
}

static void assert_gradients(const struct lm_config *config)
{
    enum { N = 30 };
    static const int32_t starts[] = { 0, 17, 18, N };
    int32_t tokens[N], targets[N];
    struct lm_model *model = model_of(config);
    struct lm_decoder *decoder = decoder_of(config, N);
    float *grad = calloc(model->n_params, sizeof *grad);
    assert_non_null(grad);
    fill_batch(tokens, targets, N, config->vocab_size);
    struct lm_batch batch = { tokens, targets, starts, 3 };

    double loss = gradient_of(decoder, model, &batch, 1.0f, grad);
    assert_true(loss == loss_of(decoder, model, &batch));
    for (size_t t = 0; t < model->n_tensors; t++)
        assert_tensor_gradient(decoder, model, &batch, &model->tensors[t], grad);
    free(grad);
    lm_decoder_destroy(decoder);
    lm_model_close(model);
}

static void gradient_agrees_with_differences(void **state)
{
    (void)state;
    assert_gradients(&untied);
}

static void gradient_agrees_with_differences_when_tied(void **state)
{
    (void)state;
    struct lm_config tied = untied;
    tied.tied = true;
    assert_gradients(&tied);
}

/* ---- what must not matter ---- */

/* A batch of several sequences, one longer than the rows that the head takes at a time. */
enum { MANY = 700 };
static const int32_t many_starts[] = { 0, 600, 601, 640, MANY };

static void packing_changes_nothing(void **state)
{
    (void)state;
    int32_t tokens[MANY], targets[MANY];
    struct lm_model *model = model_of(&untied);
    struct lm_decoder *decoder = decoder_of(&untied, MANY);
    float *together = calloc(model->n_params, sizeof *together);
    float *apart = calloc(model->n_params, sizeof *apart);
    assert_true(together && apart);
    fill_batch(tokens, targets, MANY, untied.vocab_size);

    struct lm_batch all = { tokens, targets, many_starts, 4 };
    double loss = gradient_of(decoder, model, &all, 0.5f, together), sum = 0.0;
    for (int i = 0; i < 4; i++) {
        int32_t first = many_starts[i], starts[] = { 0, many_starts[i + 1] - first };
        struct lm_batch one = { tokens + first, targets + first, starts, 1 };
        sum += gradient_of(decoder, model, &one, 0.5f, apart);
    }
    assert_true(fabs(loss - sum) < 1e-5 * sum);
    for (size_t i = 0; i < model->n_params; i++)
        if (!(fabsf(together[i] - apart[i]) < 1e-3f * (1.0f + fabsf(apart[i]))))
            fail_msg("gradient[%zu]: %g together, %g apart", i, (double)together[i],
                     (double)apart[i]);
    free(together);
    free(apart);
    lm_decoder_destroy(decoder);
    lm_model_close(model);
}

static void the_same_inputs_give_the_same_bits(void **state)
{
    (void)state;
    int32_t tokens[MANY], targets[MANY];
    struct lm_model *model = model_of(&untied);
    float *first = calloc(model->n_params, sizeof *first);
    float *again = calloc(model->n_params, sizeof *again);
    assert_true(first && again);
    fill_batch(tokens, targets, MANY, untied.vocab_size);
    struct lm_batch batch = { tokens, targets, many_starts, 4 };
    for (int round = 0; round < 5; round++) {
        struct lm_decoder *decoder = decoder_of(&untied, MANY + round);
        float *grad = round ? again : first;
        memset(grad, 0, model->n_params * sizeof *grad);
        gradient_of(decoder, model, &batch, 1.0f, grad);
        lm_decoder_destroy(decoder);
        if (round)
            assert_memory_equal(first, again, model->n_params * sizeof *first);
    }
    free(first);
    free(again);
    lm_model_close(model);
}

/* log p of each target by the logits is what the loss says. */
static void recomputing_gives_the_same_bits(void **state)
{
    (void)state;
    int32_t tokens[MANY], targets[MANY];
    struct lm_config deep = untied;
    deep.n_layers = 5;
    struct lm_model *model = model_of(&deep);
    struct lm_decoder *keeping = decoder_of(&deep, MANY), *lean = recomputing(&deep, MANY);
    float *kept = calloc(model->n_params, sizeof *kept);
    float *computed = calloc(model->n_params, sizeof *computed);
    assert_true(kept && computed);
    fill_batch(tokens, targets, MANY, deep.vocab_size);
    struct lm_batch batch = { tokens, targets, many_starts, 4 };
    double loss = gradient_of(keeping, model, &batch, 1.0f, kept);
    assert_true(loss == gradient_of(lean, model, &batch, 1.0f, computed));
    assert_memory_equal(kept, computed, model->n_params * sizeof *kept);
    free(kept);
    free(computed);
    lm_decoder_destroy(keeping);
    lm_decoder_destroy(lean);
    lm_model_close(model);
}

/* ---- bf16 ---- */

enum { STEPS = 60, LEARNT = 256 };

/* Mostly the next token follows from the last, which can be learnt; one in four is noise. */
static void speak(int step, int32_t tokens[LEARNT + 1])
{
    tokens[0] = step % 50;
    for (int32_t i = 1; i <= LEARNT; i++) {
        uint64_t noise = leti_mix((uint64_t)step, (uint64_t)i);
        tokens[i] = noise % 4 ? (tokens[i - 1] * 7 + 3) % 50 : (int32_t)(noise / 4 % 50);
    }
}

/* The losses a token of a training, from the same parameters in each precision. */
static void train(enum lm_dtype precision, double losses[STEPS])
{
    struct lm_config config = untied;
    config.d_model = 64;
    config.d_ff = 160;
    config.head_dim = 16;
    int32_t tokens[LEARNT + 1], starts[] = { 0, 100, 160, LEARNT };
    struct leti_error err;
    struct lm_model *model = NULL;
    if (!lm_model_create(&config, 3, &model, &err))
        fail_msg("%s", err.text);
    model->precision = precision;
    struct lm_decoder *decoder = decoder_of(&config, LEARNT);
    float *grad = calloc(model->n_params, sizeof *grad), *m = calloc(model->n_params, sizeof *m);
    float *v = calloc(model->n_params, sizeof *v);
    assert_true(grad && m && v);
    struct lm_batch batch = { tokens, tokens + 1, starts, 3 };
    struct lm_adamw adamw = { 3e-3f, 0.9f, 0.95f, 1e-8f, 0.01f, 0 };
    for (int i = 0; i < STEPS; i++) {
        speak(i, tokens);
        memset(grad, 0, model->n_params * sizeof *grad);
        losses[i] = gradient_of(decoder, model, &batch, 1.0f / LEARNT, grad) / LEARNT;
        adamw.step++;
        lm_adamw_update(&adamw, model->params, grad, m, v, model->n_params, true);
        lm_model_changed(model);
    }
    free(grad);
    free(m);
    free(v);
    lm_decoder_destroy(decoder);
    lm_model_close(model);
}

/* Where the machine does not multiply in bf16 both are f32. */
static void bf16_follows_the_losses_of_f32_within_a_hundredth(void **state)
{
    (void)state;
    static double f32[STEPS], best[STEPS];
    train(LM_F32, f32);
    train(lm_precision_best(), best);
    assert_true(f32[STEPS - 1] < 0.6 * f32[0]);
    for (int i = 0; i < STEPS; i++)
        if (!(fabs(best[i] - f32[i]) <= 0.01 * f32[i]))
            fail_msg("step %d: loss %g, in f32 %g", i, best[i], f32[i]);
}

static void logprobs_agree_with_logits(void **state)
{
    (void)state;
    enum { N = 40, V = 50 };
    static const int32_t starts[] = { 0, 13, N };
    int32_t tokens[N], targets[N];
    float logits[N * V], logprobs[N];
    struct lm_model *model = model_of(&untied);
    struct lm_decoder *decoder = decoder_of(&untied, N);
    struct leti_error err;
    double loss, sum = 0.0;
    int64_t counted, expected = 0;
    fill_batch(tokens, targets, N, V);
    struct lm_batch batch = { tokens, targets, starts, 2 };

    assert_true(lm_decoder_loss(decoder, model, &batch, &loss, &counted, logprobs, &err));
    batch.targets = NULL;
    assert_true(lm_decoder_logits(decoder, model, &batch, logits, &err));
    for (int n = 0; n < N; n++) {
        double total = 0.0;
        if (targets[n] < 0) {
            assert_true(logprobs[n] == 0.0f);
            continue;
        }
        for (int j = 0; j < V; j++)
            total += exp((double)logits[n * V + j]);
        double logprob = (double)logits[n * V + targets[n]] - log(total);
        assert_true(fabs(logprob - (double)logprobs[n]) < 1e-4);
        sum -= logprob;
        expected++;
    }
    assert_true(fabs(sum - loss) < 1e-4 * sum);
    assert_int_equal(counted, expected);
    lm_decoder_destroy(decoder);
    lm_model_close(model);
}

/* ---- bad input ---- */

static void assert_refused(struct lm_decoder *decoder, const struct lm_model *model,
                           const struct lm_batch *batch, const char *why)
{
    struct leti_error err = { "" };
    double loss;
    int64_t counted;
    assert_false(lm_decoder_loss(decoder, model, batch, &loss, &counted, NULL, &err));
    if (!strstr(err.text, why))
        fail_msg("'%s' does not say '%s'", err.text, why);
}

static void refuses_what_it_cannot_hold(void **state)
{
    (void)state;
    struct lm_config config = untied;
    config.max_positions = 8;
    struct lm_model *model = model_of(&config), *other = model_of(&untied);
    struct lm_decoder *decoder = decoder_of(&config, 10);
    int32_t tokens[12] = { 1, 2, 3 }, targets[12] = { 2, 3, 4 };
    int32_t fine[] = { 0, 3 }, empty[] = { 0, 0 }, late[] = { 1, 3 }, longer[] = { 0, 9 },
            many[] = { 0, 6, 12 };

    assert_refused(decoder, model, &(struct lm_batch){ tokens, targets, fine, 0 }, "at least one");
    assert_refused(decoder, model, &(struct lm_batch){ tokens, targets, late, 1 }, "from 0 on");
    assert_refused(decoder, model, &(struct lm_batch){ tokens, targets, empty, 1 }, "0 tokens");
    assert_refused(decoder, model, &(struct lm_batch){ tokens, targets, longer, 1 }, "9 tokens");
    assert_refused(decoder, model, &(struct lm_batch){ tokens, targets, many, 2 }, "12 tokens");
    assert_refused(decoder, other, &(struct lm_batch){ tokens, targets, fine, 1 }, "shape");
    tokens[1] = 50;
    assert_refused(decoder, model, &(struct lm_batch){ tokens, targets, fine, 1 }, "token 50");
    tokens[1] = -1;
    assert_refused(decoder, model, &(struct lm_batch){ tokens, targets, fine, 1 }, "token -1");
    tokens[1] = 2;
    targets[2] = 51;
    assert_refused(decoder, model, &(struct lm_batch){ tokens, targets, fine, 1 }, "token 51");
    lm_decoder_destroy(decoder);
    lm_model_close(model);
    lm_model_close(other);
}

static void says_what_too_much_memory_would_be(void **state)
{
    (void)state;
    struct leti_error err = { "" };
    struct lm_decoder *decoder = NULL;
    assert_false(lm_decoder_create(&untied, INT64_MAX / 2, &decoder, &err));
    assert_non_null(strstr(err.text, "out of memory"));
    assert_false(lm_decoder_create(&untied, 0, &decoder, &err));
    assert_null(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_agrees_with_differences),
        cmocka_unit_test(gradient_agrees_with_differences_when_tied),
        cmocka_unit_test(packing_changes_nothing),
        cmocka_unit_test(the_same_inputs_give_the_same_bits),
        cmocka_unit_test(recomputing_gives_the_same_bits),
        cmocka_unit_test(bf16_follows_the_losses_of_f32_within_a_hundredth),
        cmocka_unit_test(logprobs_agree_with_logits),
        cmocka_unit_test(refuses_what_it_cannot_hold),
        cmocka_unit_test(says_what_too_much_memory_would_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
