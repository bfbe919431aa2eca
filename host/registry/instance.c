/* instance.c - one running instance of a plugin, with the services that the contract promises it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/instance.h"

#include <stdlib.h>

#include "base/arena.h"

struct instance {
    struct leti_host host; /* first, so that a service finds the instance that it is of */
    const struct leti_plugin *desc;
    void *self;
    struct instance_services services;
    struct option_memory *option_memory;
    struct arena unit; /* what host->alloc gives */
    struct leti_error failure;
    char *stage, *run_dir;
};

static struct instance *owner(const struct leti_host *host)
{
    return (struct instance *)host;
}

/* ---- services ---- */

__attribute__((format(printf, 3, 4))) static void say(const struct leti_host *host,
                                                      enum leti_level level, const char *format,
                                                      ...)
{
    const struct instance_services *services = &owner(host)->services;
    if (!services->log)
        return;
    char text[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n >= 0)
        services->log(services->context, level, text);
}

static void metric(const struct leti_host *host, const char *name, double value)
{
    const struct instance_services *services = &owner(host)->services;
    if (services->metric && name)
        services->metric(services->context, name, value);
}

static void progress(const struct leti_host *host, double done, double total)
{
    const struct instance_services *services = &owner(host)->services;
    if (services->progress)
        services->progress(services->context, done, total);
}

static bool stopping(const struct leti_host *host)
{
    const struct instance_services *services = &owner(host)->services;
    return services->stopping && services->stopping(services->context);
}

/* The contract says that this is never NULL: a host without memory cannot go on. */
static void *give_memory(const struct leti_host *host, size_t size)
{
    void *memory = arena_alloc(&owner(host)->unit, size);
    if (!memory) {
        fprintf(stderr, "%s: out of memory, %zu bytes were asked for\n", host->stage, size);
        abort();
    }
    return memory;
}

__attribute__((format(printf, 2, 3))) static enum leti_status fail(const struct leti_host *host,
                                                                   const char *format, ...)
{
    struct leti_error *failure = &owner(host)->failure;
    char text[sizeof failure->text];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    memcpy(failure->text, text, sizeof text);
    return LETI_ERROR;
}

/* Plugins that are older than the last fields of an output have none of them. */
static void emit(const struct leti_host *host, const struct leti_output *output)
{
    const struct instance_services *services = &owner(host)->services;
    size_t known = owner(host)->desc->output_size, first = offsetof(struct leti_output, logprobs);
    struct leti_output whole = { 0 };
    known = known ? known : first;
    memcpy(&whole, output, known < sizeof whole ? known : sizeof whole);
    if (services->emit)
        services->emit(services->context, &whole);
}

/* ---- life ---- */

static enum leti_status told(struct instance *in, enum leti_status status, struct leti_error *err)
{
    if (status == LETI_ERROR)
        leti_error_set(err, "%s", in->failure.text[0] ? in->failure.text : "it did not say why");
    return status;
}

static void begin(struct instance *in)
{
    in->failure.text[0] = '\0';
    if (in->desc->kind != LETI_GENERATOR)
        arena_reset(&in->unit);
}

static void instance_free(struct instance *in)
{
    options_free(in->option_memory);
    arena_free(&in->unit);
    free(in->self);
    free(in->stage);
    free(in->run_dir);
    free(in);
}

static bool fill(struct instance *in, const struct instance_config *config, struct leti_error *err)
{
    in->desc = config->plugin->desc;
    in->services = config->services;
    in->stage = strdup(config->stage);
    in->run_dir = strdup(config->run_dir);
    in->self = calloc(1, in->desc->instance_size ? in->desc->instance_size : 1);
    if (!in->stage || !in->run_dir || !in->self)
        return leti_error_set(err, "out of memory");
    in->host = (struct leti_host){
        .size = sizeof in->host,
        .stage = in->stage,
        .run_dir = in->run_dir,
        .threads = config->threads ? config->threads : 1,
        .seed = config->seed,
        .log = say,
        .metric = metric,
        .progress = progress,
        .stopping = stopping,
        .alloc = give_memory,
        .fail = fail,
        .emit = emit,
    };
    return options_fill(in->desc->options, config->settings, in->stage, in->self,
                        &in->option_memory, err);
}

bool instance_start(const struct instance_config *config, struct instance **out,
                    struct leti_error *err)
{
    struct instance *in = calloc(1, sizeof *in);
    if (!in)
        return leti_error_set(err, "out of memory");
    if (!fill(in, config, err))
        goto fail;
    begin(in);
    if (in->desc->start && told(in, in->desc->start(in->self, &in->host), err) == LETI_ERROR)
        goto fail;
    *out = in;
    return true;
fail:
    instance_free(in);
    return false;
}

void instance_stop(struct instance *in)
{
    if (!in)
        return;
    if (in->desc->stop)
        in->desc->stop(in->self);
    instance_free(in);
}

/* ---- the kinds ---- */

enum leti_status instance_read(struct instance *in, struct leti_problem *out,
                               struct leti_error *err)
{
    begin(in);
    return told(in, in->desc->source.read(in->self, out), err);
}

enum leti_status instance_load(struct instance *in, const char *model_dir, struct leti_error *err)
{
    begin(in);
    enum leti_status (*load)(void *, const char *) =
        in->desc->kind == LETI_TRAINER ? in->desc->trainer.load : in->desc->generator.load;
    return told(in, load(in->self, model_dir), err);
}

enum leti_status instance_submit(struct instance *in, const struct leti_request *request,
                                 struct leti_error *err)
{
    begin(in);
    return told(in, in->desc->generator.submit(in->self, request), err);
}

enum leti_status instance_step(struct instance *in, struct leti_error *err)
{
    begin(in);
    enum leti_status status = told(in, in->desc->generator.step(in->self), err);
    if (status == LETI_DONE)
        arena_reset(&in->unit);
    return status;
}

bool instance_cancel(struct instance *in)
{
    if (!in->desc->generator.cancel)
        return false;
    in->desc->generator.cancel(in->self);
    arena_reset(&in->unit);
    return true;
}

enum leti_status instance_evaluate(struct instance *in, const struct leti_sample *sample,
                                   struct leti_verdict *out, struct leti_error *err)
{
    begin(in);
    *out = (struct leti_verdict){ .reason = "", .exception = "", .feedback = { "", 0 } };
    return told(in, in->desc->evaluator.evaluate(in->self, sample, out), err);
}

enum leti_status instance_format(struct instance *in, const struct leti_sample *sample,
                                 const struct leti_verdict *verdicts, size_t n,
                                 struct leti_example *out, struct leti_error *err)
{
    begin(in);
    *out = (struct leti_example){ 0 };
    enum leti_status status =
        told(in, in->desc->formatter.format(in->self, sample, verdicts, n, out), err);
    out->iteration = sample->iteration;
    out->problem = sample->problem->id;
    out->index = sample->index;
    return status;
}

enum leti_status instance_learn(struct instance *in, const struct leti_example *example,
                                struct leti_error *err)
{
    begin(in);
    return told(in, in->desc->trainer.learn(in->self, example), err);
}

enum leti_status instance_validate(struct instance *in, const char *name,
                                   const struct leti_example *example, struct leti_error *err)
{
    if (!plugin_validates(in->desc)) {
        leti_error_set(err, "it does not tell the loss of held-out texts");
        return LETI_ERROR;
    }
    begin(in);
    return told(in, in->desc->trainer.validate(in->self, name, example), err);
}

enum leti_status instance_train(struct instance *in, const struct leti_training *training,
                                struct leti_error *err)
{
    begin(in);
    return told(in, in->desc->trainer.train(in->self, training), err);
}

enum leti_status instance_observe(struct instance *in, const struct leti_event *event,
                                  struct leti_error *err)
{
    begin(in);
    return told(in, in->desc->observer.observe(in->self, event), err);
}
