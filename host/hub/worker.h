/* worker.h - the other end: hosts one instance of a stage's plugin and knows only the head.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HUB_WORKER_H
#define HUB_WORKER_H

#include <stdatomic.h>

#include "leti/error.h"

struct worker_config {
    void *zmq_context;    /* shared for inproc; NULL: the worker makes its own */
    atomic_bool *linked;  /* set once no more is asked of zmq_context; or NULL */
    const char *endpoint; /* "inproc://head", "ipc:///...", "tcp://127.0.0.1:7461" */
    const char *stage;    /* name */
    const char *identity; /* what the hub calls it; NULL: what the hub that started this process
                           * set in the environment, or else a new one */
    int head_timeout_ms;  /* the head is gone when silent for so long; 0: never */
};

/* Runs until the head says Bye (true) or is gone, refuses, or the plugin cannot start (false); on
 * the calling thread, which is the plugin's thread. `leti join` is this, and so are the hub's own
 * threads and child processes. A child process of a hub dies with it, whatever ends it. */
bool worker_run(const struct worker_config *, struct leti_error *err);

#endif
