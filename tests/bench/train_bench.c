/* train_bench - how fast a model trains, beside the machine's peak.
 *
 *     train_bench [sequences [length [layers d_model heads d_ff vocabulary]]]
 *
 * One step is loss, gradient and AdamW on packed sequences whose lengths vary by a half around
 * `length`; without arguments the batch and the model of the quickstart. Prints one JSON object.
 * Products count 6 operations a parameter and token, attention what the causal half needs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "train/decoder.h"
#include "leti/plugin.h"

enum { ROUNDS = 5 };

static double seconds(void)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void die(const char *why)
{
    fprintf(stderr, "train_bench: %s\n", why);
    exit(1);
}

static float *zeros(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    if (!x)
        die("out of memory");
    memset(x, 0, n * sizeof *x);
    return x;
}

/* Operations a second of one large product: what this machine has to give. */
static double peak(void)
{
    enum { SIZE = 1536 };
    struct leti_error err;
    struct lm_products *products = NULL;
    float *a = zeros(SIZE * SIZE), *b = zeros(SIZE * SIZE), *c = zeros(SIZE * SIZE);
    double best = INFINITY;
    if (!lm_products_create(&products, &err))
        die(err.text);
    for (int round = 0; round < 2 * ROUNDS; round++) {
        double start = seconds();
        if (!lm_matmul(products, a, false, b, true, c, 0.0f, SIZE, SIZE, SIZE, &err))
            die(err.text);
        best = fmin(best, seconds() - start);
    }
    lm_products_destroy(products);
    free(a);
    free(b);
    free(c);
    return 2.0 * SIZE * SIZE * SIZE / best;
}

/* Lengths within half of `length` around it, the longest first. */
static int32_t *lengths_to_starts(int32_t n, int32_t length)
{
    int32_t *starts = calloc((size_t)n + 1, sizeof *starts);
    if (!starts)
        die("out of memory");
    for (int32_t i = 0; i < n; i++) {
        int32_t longer = n > 1 ? length / 2 - i * (length / 2 * 2) / (n - 1) : 0;
        starts[i + 1] = starts[i] + (length + longer > 0 ? length + longer : 1);
    }
    return starts;
}

static double attention_operations(const struct lm_config *config, const int32_t *starts, int32_t n)
{
    double pairs = 0.0;
    for (int32_t i = 0; i < n; i++)
        pairs += 0.5 * (starts[i + 1] - starts[i]) * (starts[i + 1] - starts[i] + 1.0);
    /* 2 products forward, 5 backward, of 2 operations an element */
    return 14.0 * pairs * config->n_heads * config->head_dim * config->n_layers;
}

struct state {
    struct lm_model *model;
    struct lm_decoder *decoder;
    float *grad, *m, *v;
    struct lm_adamw adamw;
};

static double step(struct state *s, const struct lm_batch *batch, double *adamw)
{
    struct leti_error err;
    double loss, start = seconds();
    int64_t counted;
    memset(s->grad, 0, s->model->n_params * sizeof *s->grad);
    if (!lm_decoder_backward(s->decoder, s->model, batch, 1e-4f, s->grad, &loss, &counted, &err))
        die(err.text);
    double middle = seconds();
    s->adamw.step++;
    for (size_t i = 0; i < s->model->n_tensors; i++) {
        const struct lm_tensor *t = &s->model->tensors[i];
        lm_adamw_update(&s->adamw, s->model->params + t->offset, s->grad + t->offset,
                        s->m + t->offset, s->v + t->offset, (size_t)(t->rows * t->cols), t->decay);
    }
    *adamw = seconds() - middle;
    return seconds() - start;
}

static void measure(const struct lm_config *config, int32_t n, int32_t length)
{
    struct leti_error err;
    struct state s = { .adamw = { 1e-4f, 0.9f, 0.999f, 1e-8f, 0.01f, 0 } };
    int32_t *starts = lengths_to_starts(n, length), N = starts[n];
    int32_t *tokens = calloc((size_t)N, sizeof *tokens),
            *targets = calloc((size_t)N, sizeof *targets);
    if (!tokens || !targets)
        die("out of memory");
    for (int32_t i = 0; i < N; i++) {
        tokens[i] = (int32_t)(leti_mix(1, (uint64_t)i) % (uint64_t)config->vocab_size);
        targets[i] = (int32_t)(leti_mix(2, (uint64_t)i) % (uint64_t)config->vocab_size);
    }
    if (!lm_model_create(config, 1, &s.model, &err) ||
        !lm_decoder_create(config, N, &s.decoder, &err))
        die(err.text);
    s.grad = zeros(s.model->n_params);
    s.m = zeros(s.model->n_params);
    s.v = zeros(s.model->n_params);

    struct lm_batch batch = { tokens, targets, starts, n };
    double operations =
        6.0 * (double)N *
            (double)(s.model->n_params -
                     (config->tied ? 0 : (size_t)config->vocab_size * (size_t)config->d_model)) +
        attention_operations(config, starts, n);
    double best = INFINITY, best_adamw = INFINITY, adamw, total = seconds();
    int64_t steps = 0;
    while (steps < ROUNDS || seconds() - total < 4.0) {
        double took = step(&s, &batch, &adamw);
        best = fmin(best, took);
        best_adamw = fmin(best_adamw, adamw);
        steps++;
    }
    double mean = (seconds() - total) / (double)steps, most = peak();
    printf("{\"parameters\": %zu, \"sequences\": %d, \"tokens\": %d, \"tokens_per_second\": %.0f, "
           "\"tokens_per_second_best\": %.0f, \"step_ms\": %.2f, \"adamw_ms\": %.2f, "
           "\"gflops\": %.1f, \"peak_gflops\": %.1f, \"share_of_peak\": %.3f}\n",
           s.model->n_params, n, N, N / mean, N / best, best * 1e3, best_adamw * 1e3,
           operations / best * 1e-9, most * 1e-9, operations / best / most);
    lm_decoder_destroy(s.decoder);
    lm_model_close(s.model);
    free(s.grad);
    free(s.m);
    free(s.v);
    free(tokens);
    free(targets);
    free(starts);
}

int main(int argc, char **argv)
{
    int32_t values[] = { 16, 107, 4, 128, 4, 352, 1024 };
    for (int i = 1; i < argc && i <= (int)(sizeof values / sizeof *values); i++) {
        long value = strtol(argv[i], NULL, 10);
        if (value < 1 || value > 1 << 24)
            die("usage: train_bench [sequences [length [layers d_model heads d_ff vocabulary]]]");
        values[i - 1] = (int32_t)value;
    }
    struct lm_config config = {
        .n_layers = values[2],
        .d_model = values[3],
        .n_heads = values[4],
        .n_kv_heads = values[4],
        .head_dim = values[3] / values[4],
        .d_ff = values[5],
        .vocab_size = values[6],
        .max_positions = values[1] * 2 > 512 ? values[1] * 2 : 512,
        .rope_theta = 10000.0f,
        .norm_eps = 1e-5f,
        .tied = true,
        .bos = -1,
        .eos = 0,
    };
    measure(&config, values[0], values[1]);
    return 0;
}
