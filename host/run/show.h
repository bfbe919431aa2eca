/* show.h - what a run holds: its results, or single samples with what was said of them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SHOW_H
#define RUN_SHOW_H

#include "leti/error.h"
#include "leti/plugin.h"

struct show_config {
    const char *folder;
    const char *problem; /* id; NULL: all */
    const char *test;    /* name; NULL: what was trained on */
    const char *reason;  /* a verdict's reason or exception; NULL: any */
    int64_t iteration;   /* -1: all */
    bool failed;         /* only samples that failed */
    int64_t limit;       /* samples */
    bool json;
};

/* Iterations with their pass rates, tests, reasons. The run may be going on. */
bool show_run(const struct show_config *, struct leti_error *err);

/* Samples that the config asks for. */
bool show_samples(const struct show_config *, struct leti_error *err);

#endif
