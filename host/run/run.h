/* run.h - the loop of the method: generate, evaluate, format feedback, train, test; again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "leti/error.h"
#include "leti/plugin.h"

struct run_config {
    const char *file;             /* pipeline; NULL when resuming */
    const char *const *overrides; /* of --set; when resuming, of what no result depends on */
    size_t n_overrides;
    const char *resume; /* a run's folder, or NULL */
    const char *out;    /* a new run's folder, or NULL: runs/NAME-NNN */
    bool json, quiet;
};

/* Runs a pipeline to its end, or goes on with a run from where it was; says on stdout what comes
 * of it. Where it stops early, *err says why and how to go on. */
bool run_pipeline(const struct run_config *, struct leti_error *err);

#endif
