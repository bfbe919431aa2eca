/* show.h - what a run holds: its results, its problems, single samples with what was said of them.
 *
 * All of it is for a terminal or, as JSON lines, for programs; a run may be going on meanwhile.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SHOW_H
#define RUN_SHOW_H

#include "base/screen.h"
#include "leti/plugin.h"

enum { SHOW_ANY = -1, SHOW_UNJUDGED = LETI_INFRA + 1 };

/* A sample of the chosen problem. */
struct show_place {
    int64_t iteration; /* SHOW_ANY: the last one that has it */
    int64_t sample;
};

struct show_config {
    const char *folder;
    const char *problem; /* id; NULL: all */
    const char *test;    /* name; NULL: what was trained on, or the first test with the problem */
    const char *reason;  /* some verdict's reason or exception; NULL: any */
    int64_t iteration;   /* SHOW_ANY: all */
    int64_t outcome;     /* of the worst verdict; SHOW_UNJUDGED; SHOW_ANY: all */
    int64_t limit;       /* samples */
    bool json;
    const struct screen *screen;
};

/* Iterations with their pass rates, tests, reasons. */
bool show_run(const struct show_config *, struct leti_error *err);

/* How many samples of each problem passed at each iteration, phase by phase. */
bool show_problems(const struct show_config *, struct leti_error *err);

/* The samples that the config asks for. */
bool show_samples(const struct show_config *, struct leti_error *err);

/* One sample of the config's problem with all that is known of it. */
bool show_sample(const struct show_config *, const struct show_place *, struct leti_error *err);

/* By which lines the programs of two samples of the config's problem differ. */
bool show_diff(const struct show_config *, const struct show_place *first,
               const struct show_place *second, struct leti_error *err);

#endif
