/* host_options.h - the options that the host itself gives every stage, by kind.
 *
 * They are read by the same code as a plugin's own, and shown beside them; a plugin may not use
 * their names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTRY_HOST_OPTIONS_H
#define REGISTRY_HOST_OPTIONS_H

#include "leti/plugin.h"

/* Fields that a kind has no option for are zero. */
struct stage_options {
    const char *name;      /* in --set, logs and progress; "" stands for the kind's own word */
    const char *placement; /* "thread", "process", "remote"; NULL for a source, which the head
                            * reads itself */
    int64_t replicas;      /* workers; instances of the plugin */
    int64_t threads;       /* that one instance may keep busy; 0: all cores */
    double deadline;       /* seconds that one unit of work may take; an observer: to begin, and to
                            * catch up at the end */
    int64_t queue;         /* observer: events that may wait */
    const char *model;     /* generator and trainer: a model folder; "" for a trainer that starts
                            * from the generator's */
    /* generator: how training samples are drawn */
    int64_t samples; /* per problem and iteration */
    double temperature, top_p;
    int64_t top_k, max_length; /* max_length in tokens, prompt included */
};

/* The table of a kind, which fills a struct stage_options. */
const struct leti_option *host_options(enum leti_kind kind);

#endif
