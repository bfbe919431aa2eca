/* hub.h - the head's end of the protocol: queues, credits, heartbeats, deadlines, redelivery.
 *
 * The hub owns the ROUTER socket and the workers that placement asks it to start (threads and
 * child processes; it starts another when one is lost). It knows nothing of iterations or of the
 * store: units of work go in, what became of them comes out, each exactly once.
 * Everything here is called from one thread, the head's, which must live as long as the hub: child
 * processes die with the thread that started them. A handler may queue more units.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "leti/error.h"
#include "leti/plugin.h"
#include "script/pipeline.h"

struct hub;

struct hub_config {
    const char *run_dir; /* absolute; workers' scratch folders are made in run_dir/work */
    const char *listen;  /* tcp endpoint for remote workers, or NULL; loopback only */
    uint64_t seed;
    const char *program; /* that child processes run as `program join ...`; NULL: this one */
    double beat_seconds; /* between heartbeats, 0: 1; one that joined by itself is gone when
                          * silent for ten of them, one that was started here after sixty */
};

struct hub_model {
    uint64_t version; /* a worker loads a folder when the version differs from what it has */
    const char *dir;  /* absolute */
};

/* What comes out of hub_poll. Each is called on the head's thread; what it is given lives until
 * it returns; returning false (with *err) ends hub_poll with that error. A unit gives samples (a
 * generator only), then exactly one of verdict, example, done, failed, lost. `tag` is what
 * hub_submit was given. */
struct hub_handler {
    void *context;
    bool (*sample)(void *context, uint64_t tag, const struct leti_output *, struct leti_error *err);
    bool (*verdict)(void *context, uint64_t tag, const struct leti_verdict *,
                    struct leti_error *err);
    bool (*example)(void *context, uint64_t tag, const struct leti_example *,
                    struct leti_error *err);
    bool (*done)(void *context, uint64_t tag, struct leti_error *err); /* generator, trainer */
    /* The plugin could not do the unit, and says why. */
    bool (*failed)(void *context, uint64_t tag, const char *why, struct leti_error *err);
    /* Three workers crashed on it or missed its deadline; `why` names stage, plugin and unit, and
     * says how the last of them ended. */
    bool (*lost)(void *context, uint64_t tag, const char *why, struct leti_error *err);
    /* Each may be NULL. The stage is NULL where the hub itself has something to say. */
    void (*metric)(void *context, const struct stage *, const char *name, double value);
    void (*progress)(void *context, const struct stage *, double done, double total);
    void (*log)(void *context, const struct stage *, enum leti_level, const char *text);
};

bool hub_create(const struct hub_config *, const struct hub_handler *, struct hub **out,
                struct leti_error *err);

/* Stops the workers (asks, then ends what does not answer), removes sockets. */
void hub_destroy(struct hub *);

/* Declares a stage and starts its workers, unless it is placed remote. Borrows the stage. */
bool hub_add_stage(struct hub *, const struct stage *, struct leti_error *err);

/* Where remote workers join, "tcp://127.0.0.1:7461" (with the port that was found where the
 * configuration left it open); NULL: nowhere. */
const char *hub_endpoint(const struct hub *);

/* Queues a unit at the end of the stage's queue; copies everything. `what` names it in messages
 * ("iteration 2, problem 601, sample 3"). */
bool hub_generate(struct hub *, const struct stage *, uint64_t tag, const char *what,
                  const struct leti_request *, const struct hub_model *, struct leti_error *err);
bool hub_evaluate(struct hub *, const struct stage *, uint64_t tag, const char *what,
                  const struct leti_sample *, struct leti_error *err);
bool hub_format(struct hub *, const struct stage *, uint64_t tag, const char *what,
                const struct leti_sample *, const struct leti_verdict *, size_t n_verdicts,
                struct leti_error *err);
/* next gives the examples one after the other (LETI_OK, LETI_DONE or LETI_ERROR with *err): they
 * are sent in parts of bounded size. It is called again from the start when the unit has to be
 * given to another worker, so it must be able to rewind: next(context, true, ...) does that.
 * *held_out, "" before, may become the name of a set of held-out texts that the example is one of:
 * it is then not trained on (leti_trainer.validate). */
typedef enum leti_status hub_examples(void *context, bool rewind, struct leti_example *out,
                                      const char **held_out, struct leti_error *err);
bool hub_train(struct hub *, const struct stage *, uint64_t tag, const char *what,
               const struct leti_training *, const struct hub_model *, hub_examples *next,
               void *context, struct leti_error *err);

/* Forgets the stage's units, those in work included: nothing more is told of them. */
void hub_cancel(struct hub *, const struct stage *);

/* Units queued and in work; with NULL of all stages. */
size_t hub_open_units(const struct hub *, const struct stage *);

/* Room in the stage's queue: how many units may be submitted before the queue holds more than
 * its workers can soon take (backpressure; submitting more is allowed, and costs memory). */
size_t hub_room(const struct hub *, const struct stage *);

/* Waits up to timeout_ms for something to happen, and handles what has. *handled counts messages.
 * Errors: a worker that could not start its plugin, a handler that said no. After one of them
 * only hub_destroy is left. */
bool hub_poll(struct hub *, int timeout_ms, size_t *handled, struct leti_error *err);

#endif
