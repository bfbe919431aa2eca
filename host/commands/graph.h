/* graph.h - a pipeline drawn: for people, for Graphviz, as JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_GRAPH_H
#define COMMANDS_GRAPH_H

#include <stdint.h>

#include "base/text.h"
#include "script/pipeline.h"

/* A pipeline and how many problems each of its sources gives. Zero it to begin with. */
struct graph {
    const struct pipeline *pipeline;
    size_t *n_problems; /* one for each of pipeline->stages; 0 unless it is a source */
};

#define GRAPH_UNKNOWN SIZE_MAX /* problems of a source whose file is missing */

/* Reads every source to its end, but for those whose file is missing; borrows the pipeline. */
bool graph_open(const struct pipeline *, struct graph *out, struct leti_error *err);
void graph_close(struct graph *);

void graph_text(struct text *, const struct graph *);
void graph_dot(struct text *, const struct graph *);
void graph_json(struct text *, const struct graph *);

#endif
