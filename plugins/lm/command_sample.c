/* command_sample.c - `leti model sample DIR`: continues a prompt.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "command.h"
#include "command_json.h"
#include "engine.h"
#include "random.h"

enum { MAX_STOPS = 64, MAX_SAMPLES = 1 << 20, SLOTS = 64 };

struct arguments {
    bool json, specials;
    const char *dir;
    struct command_text prompt;
    struct lm_sampling sampling;
    const char *stops[MAX_STOPS];
    size_t n_stops;
    int64_t n, seed;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        return 0;
    case 'S':
        a->specials = true;
        return 0;
    case 'p':
        a->prompt.text = arg;
        return 0;
    case 'f':
        a->prompt.file = arg;
        return 0;
    case 'n':
        a->n = command_int(state, "-n", arg, 1, MAX_SAMPLES);
        return 0;
    case 't':
        a->sampling.temperature = command_real(state, "--temperature", arg, 0, 100);
        return 0;
    case 'P':
        a->sampling.top_p = command_real(state, "--top-p", arg, 0, 1);
        return 0;
    case 'k':
        a->sampling.top_k = (int32_t)command_int(state, "--top-k", arg, 0, INT32_MAX);
        return 0;
    case 'm':
        a->sampling.max_length = (int32_t)command_int(state, "--max-length", arg, 1, INT32_MAX);
        return 0;
    case 's':
        a->seed = command_int(state, "--seed", arg, 0, INT64_MAX);
        return 0;
    case 'x':
        if (a->n_stops == MAX_STOPS || !*arg)
            argp_error(state, "--stop: allowed are up to %d texts, none of them empty", MAX_STOPS);
        a->stops[a->n_stops++] = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (a->dir)
            argp_usage(state);
        a->dir = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->dir)
            argp_usage(state);
        if (a->prompt.text && a->prompt.file)
            argp_error(state, "--prompt and --file are one or the other");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    COMMAND_JSON,
    COMMAND_FILE,
    { "prompt", 'p', "TEXT", 0, "What to continue (the standard input)", 0 },
    { "samples", 'n', "N", 0, "Number of samples (1)", 0 },
    { "temperature", 't', "T", 0, "0 is greedy (1)", 0 },
    { "top-p", 'P', "P", 0, "Draw from the likeliest tokens that reach P together (1: all)", 0 },
    { "top-k", 'k', "K", 0, "Draw from the K likeliest tokens (0: all)", 0 },
    { "max-length", 'm', "N", 0, "Tokens, prompt included (all that the model has room for)", 0 },
    { "seed", 's', "SEED", 0, "The same seed gives the same samples (1)", 0 },
    { "stop", 'x', "TEXT", 0, "End a sample after TEXT; may be given more than once", 0 },
    { "specials", 'S', NULL, 0, "Take names of special tokens in the prompt for these tokens", 0 },
    { 0 },
};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "DIR",
    .doc = "Continues a prompt. With --json a line is one sample, in the order in which they end.",
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

static bool generate(const struct arguments *a, const struct lm_model *m, const struct lm_ids *ids,
                     struct leti_error *err)
{
    size_t n = (size_t)a->n;
    uint64_t *seeds = malloc(n * sizeof *seeds);
    if (!seeds)
        return leti_error_set(err, "no memory for %zu samples", n);
    struct lm_random random = { (uint64_t)a->seed };
    for (size_t i = 0; i < n; i++)
        seeds[i] = lm_random_u64(&random);
    struct lm_sampling sampling = a->sampling;
    if (sampling.max_length == 0)
        sampling.max_length = m->config.max_positions;
    const struct lm_stops stops = { a->stops, a->n_stops, 0 };
    struct printing printing = { a->json, seeds };
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
    struct arguments a = { .n = 1, .seed = 1, .sampling = { .temperature = 1, .top_p = 1 } };
    struct leti_error err;
    struct lm_model *model;
    struct lm_ids ids = { 0 };
    char *prompt = NULL;
    size_t size;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (!lm_model_open(a.dir, &model, &err))
        return command_fail(&err);
    bool ok = command_read(&a.prompt, &prompt, &size, &err) &&
              lm_tokenizer_encode(model->tokenizer, prompt, size, a.specials, &ids, &err) &&
              generate(&a, model, &ids, &err);
    free(ids.ids);
    free(prompt);
    lm_model_close(model);
    return ok ? 0 : command_fail(&err);
}
