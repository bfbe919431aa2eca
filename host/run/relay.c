/* relay - one hub, used by the run's parts one after the other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/relay.h"

#include "base/log.h"
#include "run/stop.h"

enum { TURN_MS = 100 };

static bool unexpected(const char *what, struct leti_error *err)
{
    return leti_error_set(err, "a worker gave %s that nobody asked for", what);
}

static bool on_sample(void *context, uint64_t tag, const struct leti_output *output,
                      struct leti_error *err)
{
    const struct hub_handler *to = &((struct relay *)context)->to;
    return to->sample ? to->sample(to->context, tag, output, err) : unexpected("a sample", err);
}

static bool on_verdict(void *context, uint64_t tag, const struct leti_verdict *verdict,
                       struct leti_error *err)
{
    const struct hub_handler *to = &((struct relay *)context)->to;
    return to->verdict ? to->verdict(to->context, tag, verdict, err) : unexpected("a verdict", err);
}

static bool on_example(void *context, uint64_t tag, const struct leti_example *example,
                       struct leti_error *err)
{
    const struct hub_handler *to = &((struct relay *)context)->to;
    return to->example ? to->example(to->context, tag, example, err)
                       : unexpected("an example", err);
}

static bool on_done(void *context, uint64_t tag, struct leti_error *err)
{
    const struct hub_handler *to = &((struct relay *)context)->to;
    return to->done ? to->done(to->context, tag, err) : unexpected("the end of a unit", err);
}

static bool on_failed(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    const struct hub_handler *to = &((struct relay *)context)->to;
    return to->failed ? to->failed(to->context, tag, why, err) : unexpected("a failure", err);
}

static bool on_lost(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    const struct hub_handler *to = &((struct relay *)context)->to;
    return to->lost ? to->lost(to->context, tag, why, err) : unexpected("a loss", err);
}

static void on_metric(void *context, const struct stage *stage, const char *name, double value)
{
    const struct hub_handler *to = &((struct relay *)context)->to;
    if (to->metric)
        to->metric(to->context, stage, name, value);
}

static void on_progress(void *context, const struct stage *stage, double done, double total)
{
    const struct hub_handler *to = &((struct relay *)context)->to;
    if (to->progress)
        to->progress(to->context, stage, done, total);
}

void relay_log(void *context, const struct stage *stage, enum leti_level level, const char *text)
{
    (void)context;
    log_line(level, "%s%s%s", stage ? stage->options.name : "", stage ? ": " : "", text);
}

bool relay_open(struct relay *relay, const struct hub_config *config, struct store *store,
                struct leti_error *err)
{
    struct hub_handler handler = { .context = relay,
                                   .sample = on_sample,
                                   .verdict = on_verdict,
                                   .example = on_example,
                                   .done = on_done,
                                   .failed = on_failed,
                                   .lost = on_lost,
                                   .metric = on_metric,
                                   .progress = on_progress,
                                   .log = relay_log };
    *relay = (struct relay){ .store = store };
    return hub_create(config, &handler, &relay->hub, err);
}

void relay_close(struct relay *relay)
{
    if (relay->hub)
        hub_destroy(relay->hub);
    *relay = (struct relay){ 0 };
}

static bool turn(struct hub *hub, struct leti_error *err)
{
    size_t handled;
    if (stop_asked())
        return leti_error_set(err, "stopped");
    return hub_poll(hub, TURN_MS, &handled, err);
}

bool relay_turn(struct relay *relay, struct leti_error *err)
{
    return turn(relay->hub, err) && store_commit(relay->store, err);
}

bool relay_wait(struct hub *hub, const bool *over, struct leti_error *err)
{
    while (!*over)
        if (!turn(hub, err))
            return false;
    return true;
}
