/* replay_parts.h - what the files of replay share: replay.c asks the stage, replay_tell.c says what
 * came of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_REPLAY_PARTS_H
#define RUN_REPLAY_PARTS_H

#include "base/text.h"
#include "hub/hub.h"
#include "replay/replay.h"

struct replay {
    const struct replay_config *config;
    struct store *store;
    struct pipeline *pipeline;
    struct recorded recorded;
    char *folder; /* scratch */
    char *model;  /* that generates; NULL: not asked */
    struct hub *hub;
    bool over; /* the unit that was asked for last */
    struct arena memory;
    /* What the stage says now. */
    struct leti_verdict *verdicts; /* [n_evaluators] */
    size_t n_verdicts;
    struct leti_bytes spans; /* packed, of the example */
    struct leti_sample sample;
    bool sampled;
};

/* Prints it, by stage. */
bool replay_tell(const struct replay *, struct leti_error *err);

#endif
