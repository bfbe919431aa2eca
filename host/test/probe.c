/* probe - which reward tokens does a model have?
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "test/probe.h"

#include <stdlib.h>

#include "hub/hub.h"
#include "run/relay.h"
#include "run/scratch.h"
#include "run/stop.h"

enum { PROBE_TAG = 1, PROBE_LENGTH = 64, N_CONDITIONS = LETI_BAD + 1 };

struct probe {
    const struct pipeline *pipeline;
    struct hub_model model;
    char *folder;
    struct hub *hub;
    bool over; /* the request that was made last */
    struct leti_error refused[N_CONDITIONS];
    bool asked[N_CONDITIONS], knows[N_CONDITIONS];
    enum leti_condition condition; /* of the request */
};

static bool on_sample(void *context, uint64_t tag, const struct leti_output *output,
                      struct leti_error *err)
{
    (void)context;
    (void)tag;
    (void)output;
    (void)err;
    return true;
}

static bool on_done(void *context, uint64_t tag, struct leti_error *err)
{
    struct probe *probe = context;
    (void)tag;
    (void)err;
    probe->knows[probe->condition] = probe->over = true;
    return true;
}

static bool on_failed(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    struct probe *probe = context;
    (void)tag;
    (void)err;
    leti_error_set(&probe->refused[probe->condition], "%s", why);
    probe->over = true;
    return true;
}

/* A worker that dies of it would die of the run's first sample, too. */
static bool on_lost(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    (void)context;
    (void)tag;
    return leti_error_set(err, "%s", why);
}

static bool ask(struct probe *probe, struct leti_error *err)
{
    static const struct leti_problem problem = {
        .id = "probe", .prompt = { "\n", 1 }, .tests = { "", 0 }, .reference = { "", 0 }
    };
    struct leti_request request = { .problem = &problem,
                                    .condition = probe->condition,
                                    .samples = 1,
                                    .seed = probe->pipeline->seed,
                                    .temperature = 1,
                                    .top_p = 1,
                                    .max_length = PROBE_LENGTH };
    probe->over = false;
    return hub_generate(probe->hub, probe->pipeline->generator, PROBE_TAG, "a probe of the model",
                        &request, &probe->model, err) &&
           relay_wait(probe->hub, &probe->over, err);
}

bool probe_knows(struct probe *probe, enum leti_condition condition, bool *knows, const char **why,
                 struct leti_error *err)
{
    probe->condition = condition;
    if (!probe->asked[condition] && !ask(probe, err))
        return false;
    probe->asked[condition] = true;
    *knows = probe->knows[condition];
    *why = probe->refused[condition].text;
    return true;
}

static bool start(struct probe *probe, struct leti_error *err)
{
    bool knows;
    const char *why;
    if (!scratch_make("probe", &probe->folder, err))
        return false;
    struct hub_config config = { .run_dir = probe->folder, .seed = probe->pipeline->seed };
    struct hub_handler handler = { .context = probe,
                                   .sample = on_sample,
                                   .done = on_done,
                                   .failed = on_failed,
                                   .lost = on_lost,
                                   .log = relay_log };
    if (!stop_watch(err) || !hub_create(&config, &handler, &probe->hub, err) ||
        !hub_add_stage(probe->hub, probe->pipeline->generator, err) ||
        !probe_knows(probe, LETI_NO_TOKEN, &knows, &why, err))
        return false;
    return knows || leti_error_set(err, "%s: %s: %s", probe->model.dir,
                                   probe->pipeline->generator->options.name, why);
}

bool probe_open(const struct pipeline *pipeline, const char *model, struct probe **out,
                struct leti_error *err)
{
    struct probe *probe = calloc(1, sizeof *probe);
    if (!probe)
        return leti_error_set(err, "out of memory");
    probe->pipeline = pipeline;
    probe->model = (struct hub_model){ .version = 1, .dir = model };
    if (!start(probe, err)) {
        probe_close(probe);
        return false;
    }
    *out = probe;
    return true;
}

void probe_close(struct probe *probe)
{
    if (!probe)
        return;
    if (probe->hub)
        hub_destroy(probe->hub);
    scratch_remove(probe->folder);
    free(probe);
}
