/* worker_internal.h - what the files of the worker share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HUB_WORKER_INTERNAL_H
#define HUB_WORKER_INTERNAL_H

#include "hub/link.h"
#include "hub/worker.h"
#include "registry/instance.h"
#include "registry/plugin.h"

/* A request of a generator whose samples are not all there. */
struct open_request {
    uint64_t unit;
    uint32_t first, samples, left;
    uint64_t *came; /* a bit a sample */
};

struct worker {
    struct link *link;
    struct letter *welcome; /* kept for as long as the instance, which may be started anew */
    struct plugin plugin;
    struct instance *instance;
    const char *stage;
    struct wire_model model; /* loaded; dir NULL: none, or one whose weights have changed since */
    char *model_dir;
    struct wire_credit credit; /* as the head was told last */
    double unit_seconds;       /* evaluator, formatter: recent average, 0: not measured */
    /* trainer */
    uint64_t learning; /* the unit whose examples it has been given, 0: none */
    uint32_t parts;
    /* generator */
    struct open_request *open;
    size_t n_open, open_room;
    struct letter *waiting; /* for the requests before it to end: it needs another model */
};

/* Stops the instance and starts another, where what it has learned or holds must be forgotten. */
bool worker_restart(struct worker *, struct leti_error *err);

/* Loads the model unless it is loaded. */
bool worker_load(struct worker *, const struct wire_model *, struct leti_error *err);

bool worker_send(struct worker *, const struct wire_message *, enum link_hurry,
                 struct leti_error *err);
bool worker_send_credit(struct worker *, uint32_t units, uint32_t samples, struct leti_error *err);

/* A second Welcome, after the line was cut: the head may have forgotten the credit. It must be the
 * same head still. */
bool worker_welcome_again(struct worker *, const struct wire_welcome *, struct leti_error *err);

/* Closes the unit: the plugin could not do it. */
bool worker_send_failure(struct worker *, uint64_t unit, const char *why, struct leti_error *err);

/* Each kind's loop, until the line is over. false: the worker cannot go on. */
bool worker_serve(struct worker *, struct leti_error *err);
bool worker_generate(struct worker *, struct leti_error *err);

/* instance_services.emit of a generator. */
void worker_emit(void *worker, const struct leti_output *);
void worker_forget_requests(struct worker *);

#endif
