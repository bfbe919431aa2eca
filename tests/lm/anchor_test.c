/* anchor_test - the penalty for leaving another model: the op against a plain one in double
 * precision, and the whole gradient against central differences of a loss that is put together from
 * the two models' logits.
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

static uint64_t counter;

static double uniform(void)
{
    return (double)(leti_mix(17, counter++) >> 11) / (double)(UINT64_C(1) << 53);
}

static float *array(size_t n, double width)
{
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(width * (2.0 * uniform() - 1.0));
    return x;
}

/* ---- in double precision ---- */

static double log_sum(const float *x, int64_t V)
{
    double sum = 0.0;
    for (int64_t j = 0; j < V; j++)
        sum += exp((double)x[j]);
    return log(sum);
}

/* KL(softmax(x) || softmax(y)) */
static double divergence(const float *x, const float *y, int64_t V)
{
    double lx = log_sum(x, V), ly = log_sum(y, V), sum = 0.0;
    for (int64_t j = 0; j < V; j++)
        sum += exp((double)x[j] - lx) * (((double)x[j] - lx) - ((double)y[j] - ly));
    return sum;
}

/* Sums over rows, as the contract has them. */
static void plain(const float *logits, const int32_t *targets, const struct lm_penalty *penalty,
                  double *loss, double *kl, int64_t N, int64_t V)
{
    *loss = *kl = 0.0;
    for (int64_t n = 0; n < N; n++) {
        const float *x = logits + n * V, *y = penalty->reference + n * V;
        if (targets[n] < 0)
            continue;
        *loss += log_sum(x, V) - (double)x[targets[n]];
        if (penalty->held[n])
            *kl += penalty->kind == LM_REVERSE_KL ? divergence(x, y, V) : divergence(y, x, V);
    }
}

static double total(const float *logits, const int32_t *targets, const struct lm_penalty *penalty,
                    int64_t N, int64_t V)
{
    double loss, kl;
    plain(logits, targets, penalty, &loss, &kl, N, V);
    return loss + (double)penalty->weight * kl;
}

/* ---- the op ---- */

enum { ROWS = 5, WIDTH = 19 };
static const int32_t row_targets[ROWS] = { 0, 18, -1, 7, 7 };
static const int32_t row_held[ROWS] = { 1, 0, 1, 1, 1 };

static void check_op(enum lm_divergence kind)
{
    enum { SIZE = ROWS * WIDTH };
    float *logits = array(SIZE, 4.0), *reference = array(SIZE, 4.0), gradient[SIZE];
    struct lm_penalty penalty = { kind, 0.3f, reference, row_held };
    double loss, kl, divergences;
    plain(logits, row_targets, &penalty, &loss, &kl, ROWS, WIDTH);
    memcpy(gradient, logits, sizeof gradient);
    double got =
        lm_cross_entropy_held(gradient, row_targets, 0.0f, &penalty, &divergences, ROWS, WIDTH);
    assert_memory_equal(gradient, logits, sizeof gradient);
    assert_true(fabs(got - loss) < 1e-5 && fabs(divergences - kl) < 1e-5 * kl && kl > 1.0);

    lm_cross_entropy_held(gradient, row_targets, 0.5f, &penalty, &divergences, ROWS, WIDTH);
    for (size_t i = 0; i < SIZE; i++) {
        float kept = logits[i], high = kept + 1e-3f, low = kept - 1e-3f;
        logits[i] = high;
        double above = total(logits, row_targets, &penalty, ROWS, WIDTH);
        logits[i] = low;
        double below = total(logits, row_targets, &penalty, ROWS, WIDTH);
        logits[i] = kept;
        double slope = 0.5 * (above - below) / ((double)high - (double)low);
        if (fabs((double)gradient[i] - slope) > 1e-5)
            fail_msg("gradient %zu is %.9g, should be %.9g", i, (double)gradient[i], slope);
    }
    free(logits);
    free(reference);
}

static void reverse_divergence_and_back(void **state)
{
    (void)state;
    check_op(LM_REVERSE_KL);
}

static void forward_divergence_and_back(void **state)
{
    (void)state;
    check_op(LM_FORWARD_KL);
}

/* Close distributions diverge by little, and not by what rounding makes of large logits. */
static void small_divergences_are_small(void **state)
{
    (void)state;
    enum { SIZE = 4096 };
    float *x = array(SIZE, 30.0), *y = array(SIZE, 1.0);
    int32_t target = 3, held = 1;
    for (size_t i = 0; i < SIZE; i++)
        y[i] = x[i] + (float)(1e-2 * (uniform() - 0.5));
    for (int kind = LM_REVERSE_KL; kind <= LM_FORWARD_KL; kind++) {
        struct lm_penalty penalty = { (enum lm_divergence)kind, 1.0f, y, &held };
        double loss, kl, got;
        plain(x, &target, &penalty, &loss, &kl, 1, SIZE);
        lm_cross_entropy_held(x, &target, 0.0f, &penalty, &got, 1, SIZE);
        if (!(kl > 1e-6 && fabs(got - kl) < 0.02 * kl))
            fail_msg("the divergence is %.4g, should be %.4g", got, kl);
    }
    free(x);
    free(y);
}

/* ---- the whole gradient ---- */

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

/* A model, its anchor, and a batch that is longer than the head takes at a time. */
enum { TOKENS = 300 };
struct bench {
    struct lm_config config;
    struct lm_model *model;
    struct lm_decoder *decoder;
    struct lm_anchor anchor;
    struct lm_batch batch;
    int32_t tokens[TOKENS], targets[TOKENS], held[TOKENS];
    float *grad, *logits, *reference;
};

static const int32_t starts[] = { 0, 280, 281, TOKENS };

static void bench_open(struct bench *b, const struct lm_config *config, enum lm_divergence kind)
{
    struct leti_error err;
    size_t V = (size_t)config->vocab_size;
    *b = (struct bench){ .config = *config, .model = model_of(config) };
    b->anchor = (struct lm_anchor){
        .model = model_of(config), .kind = kind, .weight = 0.7f, .held = b->held
    };
    b->batch = (struct lm_batch){ b->tokens, b->targets, starts, 3 };
    if (!lm_decoder_create(config, TOKENS, &b->decoder, &err) ||
        !lm_decoder_create_forward(config, TOKENS, &b->anchor.decoder, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < TOKENS; i++) {
        b->tokens[i] = (int32_t)(uniform() * config->vocab_size);
        b->targets[i] = i % 7 == 6 ? -1 : (int32_t)(uniform() * config->vocab_size);
        b->held[i] = i % 3 != 1;
    }
    b->grad = calloc(b->model->n_params, sizeof *b->grad);
    b->logits = malloc(TOKENS * V * sizeof *b->logits);
    b->reference = malloc(TOKENS * V * sizeof *b->reference);
    assert_true(b->grad && b->logits && b->reference);
}

static void bench_close(struct bench *b)
{
    lm_decoder_destroy(b->decoder);
    lm_decoder_destroy(b->anchor.decoder);
    lm_model_close(b->model);
    lm_model_close((struct lm_model *)b->anchor.model);
    free(b->grad);
    free(b->logits);
    free(b->reference);
}

/* Loss and divergence from the logits of both models, each in a pass of its own. */
static double whole(struct bench *b, double *loss, double *kl)
{
    struct leti_error err;
    if (!lm_decoder_logits(b->decoder, b->model, &b->batch, b->logits, &err) ||
        !lm_decoder_logits(b->decoder, b->anchor.model, &b->batch, b->reference, &err))
        fail_msg("%s", err.text);
    struct lm_penalty penalty = { b->anchor.kind, b->anchor.weight, b->reference, b->held };
    plain(b->logits, b->targets, &penalty, loss, kl, TOKENS, b->config.vocab_size);
    return *loss + (double)b->anchor.weight * *kl;
}

/* Along a tensor's gradient the slope is the gradient's length. */
static void check_tensor(struct bench *b, const struct lm_tensor *tensor)
{
    const double step = 4e-3;
    size_t n = (size_t)(tensor->rows * tensor->cols);
    const float *g = b->grad + tensor->offset;
    float *x = b->model->params + tensor->offset, *kept = malloc(n * sizeof *kept);
    double length = 0.0, sides[2], loss, kl;
    assert_non_null(kept);
    memcpy(kept, x, n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        length += (double)g[i] * (double)g[i];
    length = sqrt(length);
    assert_true(length > 0.0);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            x[i] = kept[i] + (float)((side ? step : -step) * (double)g[i] / length);
        lm_model_changed(b->model);
        sides[side] = whole(b, &loss, &kl);
    }
    memcpy(x, kept, n * sizeof *x);
    lm_model_changed(b->model);
    free(kept);
    double slope = (sides[1] - sides[0]) / (2.0 * step);
    if (!(fabs(slope - length) < 3e-3 * length))
        fail_msg("%s: slope %.6g along a gradient of length %.6g", tensor->name, slope, length);
}

static void check_gradient(const struct lm_config *config, enum lm_divergence kind)
{
    struct bench b;
    struct leti_error err;
    double loss, kl, want_loss, want_kl;
    int64_t counted;
    bench_open(&b, config, kind);
    if (!lm_decoder_backward_held(b.decoder, b.model, &b.batch, &b.anchor, 1.0f, b.grad, &loss, &kl,
                                  &counted, &err))
        fail_msg("%s", err.text);
    whole(&b, &want_loss, &want_kl);
    assert_true(fabs(loss - want_loss) < 1e-4 * want_loss);
    assert_true(fabs(kl - want_kl) < 1e-4 * want_kl);
    for (size_t t = 0; t < b.model->n_tensors; t++)
        check_tensor(&b, &b.model->tensors[t]);
    bench_close(&b);
}

static void gradient_agrees_with_differences(void **state)
{
    (void)state;
    check_gradient(&untied, LM_REVERSE_KL);
}

static void gradient_agrees_with_differences_when_tied(void **state)
{
    (void)state;
    struct lm_config tied = untied;
    tied.tied = true;
    check_gradient(&tied, LM_FORWARD_KL);
}

/* What is the same model does not pull, to the last bit. */
static void a_model_does_not_diverge_from_itself(void **state)
{
    (void)state;
    struct bench b;
    struct leti_error err;
    double loss, kl;
    int64_t counted;
    bench_open(&b, &untied, LM_REVERSE_KL);
    memcpy(b.model->params, b.anchor.model->params, b.model->n_params * sizeof *b.model->params);
    lm_model_changed(b.model);
    if (!lm_decoder_backward_held(b.decoder, b.model, &b.batch, &b.anchor, 1.0f, b.grad, &loss, &kl,
                                  &counted, &err))
        fail_msg("%s", err.text);
    assert_true(kl == 0.0);
    bench_close(&b);
}

static void refuses_what_cannot_hold(void **state)
{
    (void)state;
    struct bench b;
    struct leti_error err;
    double loss, kl;
    int64_t counted;
    struct lm_config larger = untied;
    larger.vocab_size = 51;
    bench_open(&b, &untied, LM_REVERSE_KL);
    struct lm_model *own = (struct lm_model *)b.anchor.model, *other = model_of(&larger);
    b.anchor.model = other;
    assert_false(lm_decoder_backward_held(b.decoder, b.model, &b.batch, &b.anchor, 1.0f, b.grad,
                                          &loss, &kl, &counted, &err));
    assert_string_equal(err.text, "a model of 51 tokens cannot hold one of 50");
    assert_false(lm_decoder_backward(b.anchor.decoder, b.model, &b.batch, 1.0f, b.grad, &loss,
                                     &counted, &err));
    assert_string_equal(err.text, "a gradient of a pass that has no way back");
    b.anchor.model = own;
    lm_model_close(other);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reverse_divergence_and_back),
        cmocka_unit_test(forward_divergence_and_back),
        cmocka_unit_test(small_divergences_are_small),
        cmocka_unit_test(gradient_agrees_with_differences),
        cmocka_unit_test(gradient_agrees_with_differences_when_tied),
        cmocka_unit_test(a_model_does_not_diverge_from_itself),
        cmocka_unit_test(refuses_what_cannot_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
