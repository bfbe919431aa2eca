/* generate_bench - how fast a model samples.
 *
 *     generate_bench [slots [samples [prompt new [layers d_model heads d_ff vocabulary]]]]
 *
 * Requests of `samples` samples each, a prompt of `prompt` tokens and `new` sampled ones, at
 * temperature 1, on as many threads as OpenMP has; without arguments the settings of the
 * quickstart. Prints one JSON object; the best of several rounds is what the machine gives when
 * it does nothing else. Rounds are of three times as many samples as there are slots.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "generate/engine.h"
#include "leti/plugin.h"

enum { SLOTS, SAMPLES, PROMPT, NEW, LAYERS, D_MODEL, HEADS, D_FF, VOCABULARY, N_VALUES };

static double seconds(void)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void die(const char *why)
{
    fprintf(stderr, "generate_bench: %s\n", why);
    exit(1);
}

static void count(void *context, const struct lm_sample *sample)
{
    *(size_t *)context += sample->n_tokens;
}

/* Submits and runs a round; returns the sampled tokens. */
static size_t generate(struct lm_engine *engine, const int32_t *values)
{
    struct leti_error err;
    int32_t *prompt = calloc((size_t)values[PROMPT], sizeof *prompt);
    uint64_t *seeds = calloc((size_t)values[SAMPLES], sizeof *seeds);
    if (!prompt || !seeds)
        die("out of memory");
    struct lm_sampling how = { .temperature = 1, .top_p = 1 };
    how.max_length = values[PROMPT] + values[NEW];
    for (int32_t r = 0; r * values[SAMPLES] < 3 * values[SLOTS]; r++) {
        for (int32_t i = 0; i < values[PROMPT]; i++)
            prompt[i] =
                (int32_t)(leti_mix((uint64_t)r, (uint64_t)i) % (uint64_t)values[VOCABULARY]);
        for (int32_t i = 0; i < values[SAMPLES]; i++)
            seeds[i] = leti_mix((uint64_t)r, (uint64_t)i);
        if (!lm_engine_submit(engine, (uint64_t)r, prompt, (size_t)values[PROMPT], &how,
                              &(struct lm_stops){ 0 }, seeds, (uint32_t)values[SAMPLES], &err))
            die(err.text);
    }
    size_t open, tokens = 0;
    do
        if (!lm_engine_step(engine, count, &tokens, &open, &err))
            die(err.text);
    while (open > 0);
    free(prompt);
    free(seeds);
    return tokens;
}

static void measure(const int32_t *values)
{
    struct leti_error err;
    struct lm_model *model;
    struct lm_engine *engine;
    struct lm_config config = {
        .n_layers = values[LAYERS],
        .d_model = values[D_MODEL],
        .n_heads = values[HEADS],
        .n_kv_heads = values[HEADS],
        .head_dim = values[D_MODEL] / values[HEADS],
        .d_ff = values[D_FF],
        .vocab_size = values[VOCABULARY],
        .max_positions = values[PROMPT] + values[NEW],
        .rope_theta = 10000.0f,
        .norm_eps = 1e-5f,
        .tied = true,
        .bos = -1,
        .eos = -1,
    };
    if (!lm_model_create(&config, 1, &model, &err) ||
        !lm_engine_create(model, values[SLOTS], config.max_positions, &engine, &err))
        die(err.text);
    double best = 0, start = seconds();
    size_t total = 0;
    for (int round = 0; round < 3 || seconds() - start < 4.0; round++) {
        double began = seconds();
        size_t tokens = generate(engine, values);
        best = fmax(best, (double)tokens / (seconds() - began));
        total += tokens;
    }
    printf("{\"parameters\": %zu, \"slots\": %d, \"samples\": %d, \"prompt\": %d, \"new\": %d, "
           "\"tokens_per_second\": %.0f, \"tokens_per_second_best\": %.0f}\n",
           model->n_params, values[SLOTS], values[SAMPLES], values[PROMPT], values[NEW],
           (double)total / (seconds() - start), best);
    lm_engine_destroy(engine);
    lm_model_close(model);
}

int main(int argc, char **argv)
{
    int32_t values[N_VALUES] = { 128, 8, 60, 33, 4, 128, 4, 352, 1025 };
    for (int i = 1; i < argc && i <= N_VALUES; i++) {
        long value = strtol(argv[i], NULL, 10);
        if (value < 1 || value > 1 << 20)
            die("usage: generate_bench [slots [samples [prompt new "
                "[layers d_model heads d_ff vocabulary]]]]");
        values[i - 1] = (int32_t)value;
    }
    measure(values);
    return 0;
}
