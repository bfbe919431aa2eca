/* none - a plugin of each kind that answers at once, whatever it is asked.
 *
 * For measuring what the host costs: generator.none writes an empty program for every sample
 * (with the sample's number, so that no two are the same), evaluator.none passes it,
 * feedback.none wraps it, trainer.none forgets it and writes an empty model folder.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "leti/plugin.h"

struct none {
    const struct leti_host *host;
    struct leti_request *open;
    size_t n_open, room;
};

static enum leti_status start(void *self, const struct leti_host *host)
{
    ((struct none *)self)->host = host;
    return LETI_OK;
}

#if defined(NONE_GENERATOR) || defined(NONE_TRAINER)
static enum leti_status load(void *self, const char *dir)
{
    (void)self;
    (void)dir;
    return LETI_OK;
}
#endif

#if defined(NONE_GENERATOR)
static enum leti_status submit(void *self, const struct leti_request *request)
{
    struct none *none = self;
    if (none->n_open == none->room) {
        size_t room = none->room ? 2 * none->room : 16;
        struct leti_request *open = realloc(none->open, room * sizeof *open);
        if (!open)
            return none->host->fail(none->host, "out of memory");
        none->open = open;
        none->room = room;
    }
    none->open[none->n_open++] = *request; /* only its numbers are used */
    return LETI_OK;
}

static enum leti_status step(void *self)
{
    struct none *none = self;
    for (size_t i = 0; i < none->n_open; i++) {
        const struct leti_request *request = &none->open[i];
        for (uint32_t j = 0; j < request->samples; j++) {
            char text[32];
            int n = snprintf(text, sizeof text, "# %u", request->first + j);
            struct leti_output output = { .request = request->id,
                                          .index = request->first + j,
                                          .raw = { text, (size_t)n },
                                          .tokens = 1,
                                          .finish = LETI_FINISH_EOS };
            none->host->emit(none->host, &output);
        }
    }
    none->n_open = 0;
    return LETI_DONE;
}

static void stop(void *self)
{
    free(((struct none *)self)->open);
}

#define KIND                                                                                       \
    .kind = LETI_GENERATOR, .stop = stop,                                                          \
    .generator = { .load = load, .submit = submit, .step = step, .capacity = 256 }
#elif defined(NONE_EVALUATOR)
static enum leti_status evaluate(void *self, const struct leti_sample *sample,
                                 struct leti_verdict *out)
{
    (void)self;
    (void)sample;
    out->outcome = LETI_PASSED;
    out->reason = "passed";
    return LETI_OK;
}

#define KIND .kind = LETI_EVALUATOR, .evaluator.evaluate = evaluate
#elif defined(NONE_FORMATTER)
static enum leti_status format(void *self, const struct leti_sample *sample,
                               const struct leti_verdict *verdicts, size_t n,
                               struct leti_example *out)
{
    struct none *none = self;
    (void)verdicts;
    (void)n;
    struct leti_span *span = none->host->alloc(none->host, sizeof *span);
    *span = (struct leti_span){ sample->program, LETI_SPAN_TRAIN };
    out->spans = span;
    out->n_spans = 1;
    return LETI_OK;
}

#define KIND .kind = LETI_FORMATTER, .formatter.format = format
#elif defined(NONE_TRAINER)
static enum leti_status learn(void *self, const struct leti_example *example)
{
    (void)self;
    (void)example;
    return LETI_OK;
}

static enum leti_status train(void *self, const struct leti_training *training)
{
    (void)self;
    (void)training;
    return LETI_OK;
}

#define KIND .kind = LETI_TRAINER, .trainer = { .load = load, .learn = learn, .train = train }
#endif

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .name = PLUGIN_NAME,
    .version = "1.0",
    .summary = "Does nothing, for measuring the host.",
    .instance_size = sizeof(struct none),
    .start = start,
    KIND,
};
