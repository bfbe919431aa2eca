/* rollout.h - one part of a run that samples: every problem's programs are generated, cut, judged
 * by every evaluator and, for training, made into examples.
 *
 * The stages work at the same time. What the store has already is not done again, so that the
 * same call begins a part, goes on with one that was cut off, and judges samples that somebody
 * else put into the store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_ROLLOUT_H
#define RUN_ROLLOUT_H

#include "run/problems.h"
#include "run/relay.h"

struct rollout_config {
    struct relay *relay;
    struct observers *observers; /* see observe.h; may be NULL */
    const struct pipeline *pipeline;
    const struct problems *problems;
    uint32_t phase, iteration;
    uint32_t samples;              /* of each problem */
    struct leti_request sampling;  /* condition, temperature, top_p, top_k, max_length */
    const struct hub_model *model; /* NULL: nothing is generated */
    bool uncut;                    /* programs are what was generated, without the task's cut */
    bool past_cut;                 /* samples do not end where the cut would */
    bool format;                   /* make examples */
    const char *label;             /* of the line that shows how far it is */
};

/* Runs it to its end. Errors: a stage that cannot work, more infrastructure errors than the
 * pipeline's infra_limit allows, a request to stop. */
bool rollout_run(const struct rollout_config *, struct leti_error *err);

#endif
