/* command_bench.c - `leti model bench DIR`: tokens per second, training and sampling.
 *
 * Training: forward, backward and AdamW over a batch of random tokens in full sequences.
 * Sampling: as many samples of a short prompt as there are slots, to the full length.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <omp.h>
#include <stdlib.h>

#include "command.h"
#include "decoder.h"
#include "engine.h"
#include "random.h"

enum { PROMPT = 16 /* tokens */ };

struct arguments {
    bool json;
    const char *dir;
    int64_t length, sequences, slots;
    double seconds;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        return 0;
    case 'l':
        a->length = command_int(state, "--length", arg, PROMPT + 1, 1 << 20);
        return 0;
    case 'b':
        a->sequences = command_int(state, "--batch", arg, 1, 1 << 16);
        return 0;
    case 's':
        a->slots = command_int(state, "--slots", arg, 1, 1 << 16);
        return 0;
    case 't':
        a->seconds = command_real(state, "--seconds", arg, 0.01, 3600);
        return 0;
    case ARGP_KEY_ARG:
        if (a->dir)
            argp_usage(state);
        a->dir = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->dir)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    COMMAND_JSON,
    { "length", 'l', "N", 0, "Tokens of a sequence (256, or what the model has room for)", 0 },
    { "batch", 'b', "N", 0, "Sequences of a training step (16)", 0 },
    { "slots", 's', "N", 0, "Samples decoded at once (64)", 0 },
    { "seconds", 't', "S", 0, "Measure for S seconds each (3)", 0 },
    { 0 },
};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "DIR",
    .doc = "Measures training steps (forward, backward, AdamW) and sampling, in tokens per second. "
           "DIR needs no weights: the parameters are random.",
};

struct rates {
    double train, sample; /* tokens per second */
};

/* ---- training ---- */

struct training {
    struct lm_decoder *decoder;
    int32_t *tokens, *targets, *starts;
    float *grad, *m, *v;
};

static void training_free(struct training *t)
{
    lm_decoder_destroy(t->decoder);
    free(t->tokens);
    free(t->targets);
    free(t->starts);
    free(t->grad);
    free(t->m);
    free(t->v);
}

static float *zeros(size_t n)
{
    float *array = aligned_alloc(64, (n * sizeof *array + 63) / 64 * 64);
    if (array)
        memset(array, 0, n * sizeof *array);
    return array;
}

static bool training_make(const struct arguments *a, const struct lm_model *model,
                          struct training *t, struct leti_error *err)
{
    size_t N = (size_t)(a->length * a->sequences);
    t->tokens = malloc(N * sizeof *t->tokens);
    t->targets = malloc(N * sizeof *t->targets);
    t->starts = malloc(((size_t)a->sequences + 1) * sizeof *t->starts);
    t->grad = zeros(model->n_params);
    t->m = zeros(model->n_params);
    t->v = zeros(model->n_params);
    if (!t->tokens || !t->targets || !t->starts || !t->grad || !t->m || !t->v)
        return leti_error_set(err, "no memory for a batch of %zu tokens", N);
    struct lm_random random = { 1 };
    for (size_t i = 0; i < N; i++)
        t->tokens[i] = (int32_t)(lm_random_u64(&random) % (uint64_t)model->config.vocab_size);
    for (size_t i = 0; i < N; i++)
        t->targets[i] = t->tokens[(i + 1) % N];
    for (int32_t i = 0; i <= a->sequences; i++)
        t->starts[i] = i * (int32_t)a->length;
    return lm_decoder_create(&model->config, (int64_t)N, &t->decoder, err);
}

static bool step(const struct arguments *a, struct lm_model *model, struct training *t,
                 int64_t number, struct leti_error *err)
{
    const struct lm_adamw adamw = { 1e-4f, 0.9f, 0.999f, 1e-8f, 0.01f, number };
    const struct lm_batch batch = { t->tokens, t->targets, t->starts, (int32_t)a->sequences };
    double loss;
    int64_t counted;
    memset(t->grad, 0, model->n_params * sizeof *t->grad);
    if (!lm_decoder_backward(t->decoder, model, &batch, 1.0f / (float)(a->length * a->sequences),
                             t->grad, &loss, &counted, err))
        return false;
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct lm_tensor *w = &model->tensors[i];
        lm_adamw_update(&adamw, model->params + w->offset, t->grad + w->offset, t->m + w->offset,
                        t->v + w->offset, (size_t)(w->rows * w->cols), w->decay);
    }
    return true;
}

static bool bench_training(const struct arguments *a, struct lm_model *model, double *rate,
                           struct leti_error *err)
{
    struct training t = { 0 };
    int64_t number = 1;
    bool ok = training_make(a, model, &t, err) && step(a, model, &t, number, err); /* warm up */
    double start = command_clock(), seconds = 0;
    while (ok && seconds < a->seconds) {
        ok = step(a, model, &t, ++number, err);
        seconds = command_clock() - start;
    }
    training_free(&t);
    *rate = (double)((number - 1) * a->length * a->sequences) / seconds;
    return ok;
}

/* ---- sampling ---- */

static void count_tokens(void *context, const struct lm_sample *s)
{
    size_t *n = context;
    *n += s->n_tokens;
}

/* One round of samples that all go to the full length, unless they draw the end token. */
static bool sample_round(const struct arguments *a, struct lm_engine *engine, const int32_t *prompt,
                         const uint64_t *seeds, size_t *n, struct leti_error *err)
{
    const struct lm_sampling sampling = { 1, 1, 0, (int32_t)a->length };
    const struct lm_stops stops = { 0 };
    size_t open = 1;
    bool ok = lm_engine_submit(engine, 0, prompt, PROMPT, &sampling, &stops, seeds,
                               (uint32_t)a->slots, err);
    while (ok && open > 0)
        ok = lm_engine_step(engine, count_tokens, n, &open, err);
    return ok;
}

static bool bench_sampling(const struct arguments *a, const struct lm_model *model, double *rate,
                           struct leti_error *err)
{
    uint64_t *seeds = malloc((size_t)a->slots * sizeof *seeds);
    if (!seeds)
        return leti_error_set(err, "no memory for %lld samples", (long long)a->slots);
    struct lm_random random = { 2 };
    for (int64_t i = 0; i < a->slots; i++)
        seeds[i] = lm_random_u64(&random);
    int32_t prompt[PROMPT];
    for (size_t i = 0; i < PROMPT; i++)
        prompt[i] = (int32_t)(lm_random_u64(&random) % (uint64_t)model->config.vocab_size);
    struct lm_engine *engine = NULL;
    size_t n = 0;
    bool ok = lm_engine_create(model, (int32_t)a->slots, (int32_t)a->length, &engine, err);
    double start = command_clock(), seconds = 0;
    while (ok && seconds < a->seconds) {
        ok = sample_round(a, engine, prompt, seeds, &n, err);
        seconds = command_clock() - start;
    }
    lm_engine_destroy(engine);
    free(seeds);
    *rate = (double)n / seconds;
    return ok;
}

static void print(const struct arguments *a, const struct rates *rates)
{
    const char *format =
        a->json ? "{\"threads\": %d, \"length\": %lld, \"batch\": %lld, \"slots\": %lld, "
                  "\"train_tokens_per_second\": %.1f, \"sample_tokens_per_second\": %.1f}\n"
                : "%d threads, sequences of %lld tokens, batch of %lld, %lld slots\n"
                  "training  %10.0f tokens/s\nsampling  %10.0f tokens/s\n";
    printf(format, omp_get_max_threads(), (long long)a->length, (long long)a->sequences,
           (long long)a->slots, rates->train, rates->sample);
}

int command_bench(int argc, char **argv)
{
    struct arguments a = { .length = 0, .sequences = 16, .slots = 64, .seconds = 3 };
    struct leti_error err;
    struct lm_model *model;
    struct rates rates = { 0 };
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (!lm_model_random(a.dir, 1, &model, &err))
        return command_fail(&err);
    int32_t most = model->config.max_positions;
    if (a.length == 0)
        a.length = most < 256 ? most : 256;
    bool ok = a.length > PROMPT && a.length <= most && a.length * a.sequences <= INT32_MAX;
    if (!ok)
        leti_error_set(&err, "sequences of %lld tokens, allowed are %d to %d", (long long)a.length,
                       PROMPT + 1, most);
    ok = ok && bench_sampling(&a, model, &rates.sample, &err) &&
         bench_training(&a, model, &rates.train, &err);
    if (ok)
        print(&a, &rates);
    lm_model_close(model);
    return ok ? 0 : command_fail(&err);
}
