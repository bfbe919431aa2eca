/* generator.fake - "answers" that follow from seed and model alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "leti/plugin.h"

enum { OPEN_LIMIT = 64 };

struct generator {
    int64_t work_us; /* options */
    const char *fails, *good, *bad;
    const struct leti_host *host;
    uint64_t model;
    struct request {
        uint64_t id, seed;
        uint32_t next, end;
        enum leti_condition condition;
        bool stops;
    } open[OPEN_LIMIT];
    size_t n_open;
};

static enum leti_status start(void *self, const struct leti_host *host)
{
    ((struct generator *)self)->host = host;
    return LETI_OK;
}

static enum leti_status load(void *self, const char *dir)
{
    ((struct generator *)self)->model = fake_model(dir);
    return LETI_OK;
}

static enum leti_status submit(void *self, const struct leti_request *request)
{
    struct generator *generator = self;
    if (!strcmp(request->problem->id, generator->fails))
        return generator->host->fail(generator->host, "this problem is too hard");
    if (generator->n_open == OPEN_LIMIT)
        return generator->host->fail(generator->host, "too many requests");
    generator->open[generator->n_open++] =
        (struct request){ .id = request->id,
                          .seed = request->seed,
                          .next = request->first,
                          .end = request->first + request->samples,
                          .condition = request->condition,
                          .stops = request->stops.n > 0 };
    return LETI_OK;
}

/* "answer N", what follows it and is cut off, and a byte that is not UTF-8 now and then. After the
 * bad token it knows no answer; where there is something to stop at, it stops there. */
static void emit_one(struct generator *generator, struct request *request)
{
    uint64_t draw = leti_mix(leti_sample_seed(request->seed, request->next), generator->model);
    char text[64];
    int n = snprintf(text, sizeof text, "\n%s %llu%s%s",
                     request->condition == LETI_BAD ? "guess" : "answer",
                     (unsigned long long)draw % 16, draw >> 8 & 1 ? " \xff" : "",
                     !(draw >> 9 & 1) ? ""
                     : request->stops ? "\nprint"
                                      : "\nprint(it)\n");
    float logprobs[sizeof text];
    for (int i = 0; i < n; i++)
        logprobs[i] = -0.25f;
    struct leti_output output = { .request = request->id,
                                  .index = request->next++,
                                  .raw = { text, (size_t)n },
                                  .tokens = (uint32_t)n,
                                  .finish = LETI_FINISH_EOS,
                                  .logprobs = logprobs };
    fake_work(generator->work_us);
    generator->host->emit(generator->host, &output);
}

static enum leti_status step(void *self)
{
    struct generator *generator = self;
    for (size_t i = generator->n_open; i-- > 0;) {
        struct request *request = &generator->open[i];
        emit_one(generator, request);
        if (request->next == request->end)
            *request = generator->open[--generator->n_open];
    }
    return generator->n_open ? LETI_OK : LETI_DONE;
}

static void cancel(void *self)
{
    ((struct generator *)self)->n_open = 0;
}

static const struct leti_option options[] = {
    LETI_OPT_INT(struct generator, work_us, "0", 0, 1e9, "Microseconds that a sample takes."),
    LETI_OPT_TEXT(struct generator, good, "<|good|>", "What a prompt would start with."),
    LETI_OPT_TEXT(struct generator, bad, "<|bad|>", "The same, in condition bad."),
    LETI_OPT_TEXT(struct generator, fails, "", "Id of a problem that it fails on."),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_GENERATOR,
    .name = "generator.fake",
    .version = "1.0",
    .summary = "Answers that follow from the seed",
    .instance_size = sizeof(struct generator),
    .options = options,
    .start = start,
    .generator = { .load = load,
                   .submit = submit,
                   .step = step,
                   .cancel = cancel,
                   .capacity = OPEN_LIMIT },
};
