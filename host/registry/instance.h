/* instance.h - one running instance of a plugin, with the services that the contract promises it.
 *
 * The host's side of leti/plugin.h: fills in the options, gives memory that lives for a unit of
 * work, keeps what the plugin said through host->fail, and turns it into the *err of the call.
 * All calls come from one thread. Nothing here knows where the instance runs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTRY_INSTANCE_H
#define REGISTRY_INSTANCE_H

#include "leti/error.h"
#include "leti/plugin.h"
#include "registry/options.h"
#include "registry/plugin.h"

struct instance;

/* What becomes of what the plugin says; each may be NULL. log, metric, progress and stopping are
 * called from any thread. */
struct instance_services {
    void *context;
    void (*log)(void *context, enum leti_level, const char *text);
    void (*metric)(void *context, const char *name, double value);
    void (*progress)(void *context, double done, double total);
    bool (*stopping)(void *context);
    void (*emit)(void *context, const struct leti_output *); /* on the instance's thread */
};

struct instance_config {
    const struct plugin *plugin;     /* borrowed until instance_stop */
    const struct settings *settings; /* of the plugin; read before instance_start returns */
    const char *stage, *run_dir;     /* copied */
    uint32_t threads;
    uint64_t seed;
    struct instance_services services;
};

/* Allocates, fills in the options, starts. */
bool instance_start(const struct instance_config *, struct instance **out, struct leti_error *err);
void instance_stop(struct instance *);

/* The kinds' functions. LETI_ERROR: *err says why. What a call gives lives until the next one;
 * a generator's memory lives until it has no request open. */
enum leti_status instance_read(struct instance *, struct leti_problem *out, struct leti_error *err);
enum leti_status instance_load(struct instance *, const char *model_dir, struct leti_error *err);
enum leti_status instance_submit(struct instance *, const struct leti_request *,
                                 struct leti_error *err);
enum leti_status instance_step(struct instance *, struct leti_error *err);
bool instance_cancel(struct instance *); /* false: the generator has no cancel */
enum leti_status instance_evaluate(struct instance *, const struct leti_sample *,
                                   struct leti_verdict *out, struct leti_error *err);
enum leti_status instance_format(struct instance *, const struct leti_sample *,
                                 const struct leti_verdict *, size_t n, struct leti_example *out,
                                 struct leti_error *err);
enum leti_status instance_learn(struct instance *, const struct leti_example *,
                                struct leti_error *err);
enum leti_status instance_validate(struct instance *, const char *name, const struct leti_example *,
                                   struct leti_error *err);
enum leti_status instance_train(struct instance *, const struct leti_training *,
                                struct leti_error *err);
enum leti_status instance_observe(struct instance *, const struct leti_event *,
                                  struct leti_error *err);

#endif
