/* generator.lm - samples programs from a language model.
 *
 * The work is the engine's; here requests of the host become token ids, and samples texts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <omp.h>
#include <stdlib.h>
#include <time.h>

#include "generate/engine.h"
#include "ops/ops.h"
#include "leti/plugin.h"

enum { STEP_MS = 10 };

/* A request's address is the number that the engine knows it by. */
struct open_request {
    struct open_request *next;
    uint64_t id;
    uint32_t first, left;
};

struct generator {
    /* options */
    int64_t slots, memory, context, grace;
    const char *good, *bad, *precision;
    bool batch_invariant;

    const struct leti_host *host;
    struct lm_model *model;
    struct lm_engine *engine;
    struct lm_ids ids; /* of the prompt being submitted */
    struct open_request *requests;
    double tokens, seconds; /* since there was last nothing to do */
};

/* ---- requests ---- */

static void forget(struct generator *g, struct open_request *request)
{
    struct open_request **link = &g->requests;
    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    free(request);
}

static void forget_all(struct generator *g)
{
    while (g->requests)
        forget(g, g->requests);
}

static bool append_token(struct lm_ids *ids, const struct lm_tokenizer *tokenizer, const char *name,
                         struct leti_error *err)
{
    if (lm_tokenizer_special(tokenizer, name) < 0)
        return leti_error_set(err, "the model's tokenizer has no token \"%s\"", name);
    return lm_tokenizer_encode(tokenizer, name, strlen(name), true, ids, err);
}

/* g->ids: what the model's texts start with, the reward token, if there is one, and the problem's
 * prompt. */
static bool encode(struct generator *g, const struct leti_request *request, struct leti_error *err)
{
    const struct lm_tokenizer *tokenizer = g->model->tokenizer;
    const struct leti_bytes *prompt = &request->problem->prompt;
    g->ids.n = 0;
    if (!lm_tokenizer_begin(tokenizer, &g->ids, err))
        return false;
    if (request->condition != LETI_NO_TOKEN &&
        !append_token(&g->ids, tokenizer, request->condition == LETI_GOOD ? g->good : g->bad, err))
        return false;
    return lm_tokenizer_append(tokenizer, prompt->data, prompt->size, false, &g->ids, err);
}

static int32_t to_int32(uint32_t value)
{
    return value < INT32_MAX ? (int32_t)value : INT32_MAX;
}

static bool queue(struct generator *g, const struct leti_request *request,
                  const struct open_request *open, struct leti_error *err)
{
    uint64_t *seeds = calloc(request->samples, sizeof *seeds);
    if (!seeds)
        return leti_error_set(err, "out of memory for %u samples", request->samples);
    for (uint32_t i = 0; i < request->samples; i++)
        seeds[i] = leti_sample_seed(request->seed, request->first + i);
    struct lm_sampling sampling = {
        .temperature = request->temperature,
        .top_p = request->top_p,
        .top_k = to_int32(request->top_k),
        .max_length = to_int32(request->max_length),
    };
    struct lm_stops stops = { request->stops.items, request->stops.n, (size_t)g->grace };
    bool ok = lm_engine_submit(g->engine, (uintptr_t)open, g->ids.ids, g->ids.n, &sampling, &stops,
                               seeds, request->samples, err);
    free(seeds);
    return ok;
}

static enum leti_status submit(void *self, const struct leti_request *request)
{
    struct generator *g = self;
    const struct leti_host *host = g->host;
    const char *problem = request->problem->id;
    struct leti_error err;
    if (!g->engine)
        return host->fail(host, "problem %s came before a model was loaded", problem);
    if (request->samples == 0)
        return LETI_OK;
    struct open_request *open = malloc(sizeof *open);
    if (!open)
        return host->fail(host, "out of memory");
    *open = (struct open_request){ g->requests, request->id, request->first, request->samples };
    if (!encode(g, request, &err) || !queue(g, request, open, &err)) {
        free(open);
        return host->fail(host, "problem %s: %s", problem, err.text);
    }
    g->requests = open;
    return LETI_OK;
}

/* ---- samples ---- */

static void emit(void *context, const struct lm_sample *sample)
{
    static const enum leti_finish finishes[] = {
        [LM_FINISH_EOS] = LETI_FINISH_EOS,
        [LM_FINISH_STOP] = LETI_FINISH_STOP,
        [LM_FINISH_LENGTH] = LETI_FINISH_LENGTH,
    };
    struct generator *g = context;
    struct open_request *request = (struct open_request *)(uintptr_t)sample->request;
    struct leti_output output = {
        .request = request->id,
        .index = request->first + sample->index,
        .raw = { sample->text, sample->size },
        .tokens = (uint32_t)sample->n_tokens + (sample->finish == LM_FINISH_EOS),
        .finish = finishes[sample->finish],
        .logprobs = sample->logprobs,
    };
    g->tokens += output.tokens;
    if (--request->left == 0)
        forget(g, request);
    g->host->emit(g->host, &output);
}

static double now(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum leti_status step(void *self)
{
    struct generator *g = self;
    struct leti_error err;
    size_t open = 0;
    double start = now(), passed = 0;
    do {
        if (g->engine && !lm_engine_step(g->engine, emit, g, &open, &err))
            return g->host->fail(g->host, "%s", err.text);
        passed = now() - start;
    } while (open > 0 && passed < 1e-3 * STEP_MS);
    g->seconds += passed;
    if (open > 0)
        return LETI_OK;
    if (g->tokens > 0)
        g->host->metric(g->host, "tokens_per_second", g->tokens / g->seconds);
    g->tokens = g->seconds = 0;
    return LETI_DONE;
}

static void cancel(void *self)
{
    struct generator *g = self;
    if (g->engine)
        lm_engine_cancel(g->engine);
    forget_all(g);
    g->tokens = g->seconds = 0;
}

/* ---- the model ---- */

static void unload(struct generator *g)
{
    lm_engine_destroy(g->engine);
    lm_model_close(g->model);
    g->engine = NULL;
    g->model = NULL;
    forget_all(g);
}

static enum leti_status load(void *self, const char *model_dir)
{
    struct generator *g = self;
    struct leti_error err;
    unload(g); /* first, for there may not be memory for two */
    if (!lm_model_open(model_dir, &g->model, &err))
        return g->host->fail(g->host, "%s", err.text);
    g->model->batch_invariant = g->batch_invariant;
    const char *precision = g->batch_invariant ? "f32" : g->precision;
    if (!lm_precision_choose(precision, &g->model->precision, &err)) {
        unload(g);
        return g->host->fail(g->host, "%s", err.text);
    }
    int32_t positions = g->model->config.max_positions;
    int32_t longest = g->context < positions ? (int32_t)g->context : positions;
    if (!lm_engine_create(g->model, (int32_t)g->slots, longest, &g->engine, &err)) {
        unload(g);
        return g->host->fail(g->host, "%s: %s", model_dir, err.text);
    }
    lm_engine_limit_kv(g->engine, (size_t)g->memory << 20);
    return LETI_OK;
}

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct generator *g = self;
    g->host = host;
    omp_set_num_threads((int)host->threads);
    return LETI_OK;
}

static void stop(void *self)
{
    struct generator *g = self;
    unload(g);
    free(g->ids.ids);
}

static const struct leti_option options[] = {
    LETI_OPT_CHOICE(struct generator, precision, "auto", "auto|f32|bf16",
                    "of products with weights; auto: bf16 where the machine multiplies in it"),
    LETI_OPT_BOOL(struct generator, batch_invariant, "false",
                  "a seed gives its sample to the last bit whatever else is in the batch; in f32, "
                  "slower"),
    LETI_OPT_INT(struct generator, slots, "128", 1, 65536, "samples decoded at the same time"),
    LETI_OPT_INT(struct generator, memory, "4096", 0, 1 << 30,
                 "MiB that keys and values may take; fewer samples are decoded at the same time "
                 "where more would be needed"),
    LETI_OPT_INT(
        struct generator, context, "4096", 1, 1 << 24,
        "tokens of the longest sample that can be asked for, prompt included; no more than "
        "the model has positions"),
    LETI_OPT_INT(struct generator, grace, "160", 0, 1 << 20,
                 "bytes that a sample goes on for after a stop string, so that what is cut can be "
                 "quoted"),
    LETI_OPT_TEXT(struct generator, good, "<|good|>",
                  "token in front of a prompt that asks for a program that passes"),
    LETI_OPT_TEXT(struct generator, bad, "<|bad|>",
                  "token in front of a prompt that asks for a program that fails"),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_GENERATOR,
    .name = "generator.lm",
    .version = "1.0",
    .summary = "Samples from a language model by continuous batching",
    .instance_size = sizeof(struct generator),
    .options = options,
    .start = start,
    .stop = stop,
    .generator = { .load = load,
                   .submit = submit,
                   .step = step,
                   .cancel = cancel,
                   .capacity = 512 },
};
