/* replay.h - one recorded sample through one stage again, alone.
 *
 * Nothing of the run changes: its store is only read, and the stage works in a scratch folder.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_REPLAY_H
#define RUN_REPLAY_H

#include "leti/error.h"
#include "replay/recorded.h"

enum replay_stage { REPLAY_EVALUATE, REPLAY_FEEDBACK, REPLAY_GENERATE };

struct replay_config {
    const char *folder;
    struct recorded_name name;
    enum replay_stage stage;
    const char *const *overrides; /* of --set */
    size_t n_overrides;
    bool json;
};

/* Does it and prints what the stage says now beside what it said then. That the two differ is no
 * error. */
bool replay_run(const struct replay_config *, struct leti_error *err);

#endif
