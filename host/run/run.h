/* run.h - the loop of the method: generate, evaluate, format feedback, train, test; again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "leti/error.h"
#include "leti/plugin.h"

/* A line of the manifest that the run itself does not know. */
struct run_note {
    const char *key, *value;
};

struct run_config {
    const char *file; /* pipeline; NULL when resuming */
    const char *text; /* of the pipeline, where file is only where it is from; or NULL */
    const char *const *overrides; /* of --set; when resuming, of what no result depends on */
    size_t n_overrides;
    const char *resume;           /* a run's folder, or NULL */
    const char *out;              /* a new run's folder, or NULL: runs/NAME-NNN */
    const char *from;             /* a run whose samples are taken, or NULL: see borrow.h */
    bool from_examples;           /* and its examples */
    const struct run_note *notes; /* for a new run's manifest */
    size_t n_notes;
    const char *goes_on; /* command that goes on with what is cut off; NULL: the run's own */
    char **made;         /* receives the run's folder, which the caller frees; NULL: nobody asks */
    bool json, quiet;
    bool no_end; /* say nothing of the whole at the end */
};

/* Runs a pipeline to its end, or goes on with a run from where it was; says on stdout what comes
 * of it. Where it stops early, *err says why and how to go on. */
bool run_pipeline(const struct run_config *, struct leti_error *err);

#endif
