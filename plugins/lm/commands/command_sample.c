/* command_sample.c - `leti model sample DIR`: continues a prompt.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "commands/command.h"
#include "commands/command_json.h"
#include "generate/engine.h"
#include "ops/random.h"

enum { MAX_STOPS = 64, MAX_SAMPLES = 1 << 20, SLOTS = 64 };

struct arguments {
    struct command_model model;
    struct command_text prompt;
    struct lm_sampling sampling; /* all but max_length */
    const char *stops[MAX_STOPS];
    size_t n_stops;
    int64_t samples, max_tokens, seed;
};

enum { SAMPLES = 256, TEMPERATURE, TOP_P, TOP_K, STOP };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->model;
        state->child_inputs[1] = &a->prompt;
        return 0;
    case SAMPLES:
        a->samples = command_int(state, "--samples", arg, 1, MAX_SAMPLES);
        return 0;
    case TEMPERATURE:
        a->sampling.temperature = command_real(state, "--temperature", arg, 0, 100);
        return 0;
    case TOP_P:
        a->sampling.top_p = command_real(state, "--top-p", arg, 0, 1);
        return 0;
    case TOP_K:
        a->sampling.top_k = (int32_t)command_int(state, "--top-k", arg, 0, INT32_MAX);
        return 0;
    case 'n':
        a->max_tokens = command_int(state, "--max-tokens", arg, 1, INT32_MAX);
        return 0;
    case 's':
        a->seed = command_int(state, "--seed", arg, 0, INT64_MAX);
        return 0;
    case STOP:
        if (a->n_stops == MAX_STOPS || !*arg)
            command_usage(state, "--stop: allowed are up to %d texts, none of them empty",
                          MAX_STOPS);
        a->stops[a->n_stops++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "max-tokens", 'n', "N", 0, "Tokens of a sample (all that the model has room for)", 0 },
    { "samples", SAMPLES, "N", 0, "Number of samples (1)", 0 },
    { "temperature", TEMPERATURE, "T", 0, "0 is greedy (1)", 0 },
    { "top-k", TOP_K, "K", 0, "Draw from the K likeliest tokens (0: all)", 0 },
    { "top-p", TOP_P, "P", 0, "Draw from the likeliest tokens that reach P together (1: all)", 0 },
    { "seed", 's', "SEED", 0, "The same seed gives the same samples (1)", 0 },
    { "stop", STOP, "TEXT", 0, "End a sample after TEXT; may be given more than once", 0 },
    { 0 },
};
static const struct argp_child children[] = { COMMAND_CHILD_MODEL, COMMAND_CHILD_TEXT, { 0 } };
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .children = children,
    .doc = "Continues a prompt. With --json a line is one sample, in the order in which they end."
           "\vExamples:\n"
           "  leti model sample MODEL --prompt 'def f(x):' --temperature 0 -n 20\n"
           "  leti model sample MODEL -f prompt.txt --samples 4 --top-p 0.95 -n 20 --json\n"
           "  leti model sample MODEL -p 'def f' --stop 'def' --seed 7 -n 20",
};

/* What the engine's callback knows. */
struct printing {
    bool json;
    const uint64_t *seeds;
};

static const char *finish_name(enum lm_finish finish)
{
    static const char *const names[] = {
        [LM_FINISH_EOS] = "eos", [LM_FINISH_STOP] = "stop", [LM_FINISH_LENGTH] = "length"
    };
    return names[finish];
}

static void print_sample(void *context, const struct lm_sample *s)
{
    const struct printing *p = context;
    if (!p->json) {
        printf("--- sample %u: %s after %zu tokens\n", s->index, finish_name(s->finish),
               s->n_tokens);
        fwrite(s->text, 1, s->size, stdout);
        if (s->size == 0 || s->text[s->size - 1] != '\n')
            putchar('\n');
        return;
    }
    printf("{\"index\": %u, \"seed\": %llu, \"finish\": \"%s\", \"n_tokens\": %zu, \"text\": ",
           s->index, (unsigned long long)p->seeds[s->index], finish_name(s->finish), s->n_tokens);
    json_put_text(stdout, s->text, s->size);
    printf(", \"tokens\": ");
    json_put_ids(stdout, s->tokens, s->n_tokens);
    printf(", \"logprobs\": ");
    json_put_floats(stdout, s->logprobs, s->n_tokens);
    printf("}\n");
}

/* Of a sample, prompt included; an empty prompt becomes one token. */
static bool find_length(const struct arguments *a, const struct lm_model *m, size_t n_prompt,
                        int32_t *out, struct leti_error *err)
{
    int64_t room = m->config.max_positions, n = n_prompt > 0 ? (int64_t)n_prompt : 1;
    if (n >= room || (a->max_tokens > 0 && a->max_tokens > room - n))
        return leti_error_set(err,
                              "a prompt of %lld tokens and up to %lld sampled ones: the model has "
                              "%lld positions",
                              (long long)n, (long long)(a->max_tokens > 0 ? a->max_tokens : 1),
                              (long long)room);
    *out = (int32_t)(a->max_tokens > 0 ? n + a->max_tokens : room);
    return true;
}

static bool generate(const struct arguments *a, const struct lm_model *m, const struct lm_ids *ids,
                     struct leti_error *err)
{
    int32_t max_length = 0;
    if (!find_length(a, m, ids->n, &max_length, err))
        return false;
    size_t n = (size_t)a->samples;
    uint64_t *seeds = malloc(n * sizeof *seeds);
    if (!seeds)
        return leti_error_set(err, "no memory for %zu samples", n);
    struct lm_random random = { (uint64_t)a->seed };
    for (size_t i = 0; i < n; i++)
        seeds[i] = lm_random_u64(&random);
    struct lm_sampling sampling = a->sampling;
    sampling.max_length = max_length;
    const struct lm_stops stops = { a->stops, a->n_stops, 0 };
    struct printing printing = { a->model.json, seeds };
    struct lm_engine *engine = NULL;
    size_t open = n;
    bool ok =
        lm_engine_create(m, (int32_t)(n < SLOTS ? n : SLOTS), sampling.max_length, &engine, err) &&
        lm_engine_submit(engine, 0, ids->ids, ids->n, &sampling, &stops, seeds, (uint32_t)n, err);
    while (ok && open > 0)
        ok = lm_engine_step(engine, print_sample, &printing, &open, err);
    lm_engine_destroy(engine);
    free(seeds);
    return ok;
}

int command_sample(int argc, char **argv)
{
    struct arguments a = { .samples = 1, .seed = 1, .sampling = { .temperature = 1, .top_p = 1 } };
    struct leti_error err;
    struct lm_model *model;
    struct lm_ids ids = { 0 };
    command_parse(&argp, argc, argv, &a);
    if (!command_open(&a.model, &model, &err))
        return command_fail(&err);
    bool ok = command_read_ids(&a.prompt, model->tokenizer, model->config.vocab_size, &ids, &err) &&
              generate(&a, model, &ids, &err);
    free(ids.ids);
    lm_model_close(model);
    return ok ? 0 : command_fail(&err);
}
