/* data.h - what a report shows, as it was read from the runs' databases.
 *
 * Everything is of one arena: whatever is read for a report lives as long as the report. A list
 * grows by list_add, which needs no capacity beside the length.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_DATA_H
#define REPORT_DATA_H

#include "base/arena.h"
#include "result/result.h"

struct entry {
    const char *key, *value;
};

/* How many samples failed so: an exception's type, or the reason where there is none. */
struct cause {
    const char *name;
    uint64_t n;
};

/* What one phase came to at one iteration. */
struct outcome_point {
    uint32_t iteration;
    double steps, seconds; /* of training behind the model that sampled; seconds of sampling too */
    struct result result;
    struct counts counts;
    uint64_t tokens; /* that were sampled */
    struct cause *causes;
    size_t n_causes;
};

/* What is trained on (phase 0), or one test. */
struct phase {
    uint32_t phase, n_samples;
    const char *name;
    size_t n_problems;
    struct outcome_point *points; /* those that are done, by iteration */
    size_t n_points;
};

/* Where the time of an iteration went; iteration 0 has tests alone. */
struct iteration_time {
    double sample, train, test;    /* seconds, of what is done */
    bool sampled, trained;         /* these parts are done */
    double steps, tokens;          /* of training; NaN where the trainer did not say */
    double all_steps, all_seconds; /* of training, and of sampling and training, up to here */
};

/* One value that a stage told. */
struct metric_point {
    double x;           /* iterations, see metrics.h */
    uint32_t iteration; /* that it says something about: 0 before all training */
    double value;
};

struct metric {
    const char *stage, *name;
    struct metric_point *points;
    size_t n_points;
};

struct run_data {
    const char *folder, *name;           /* as it was given, and the last part of that */
    const char *path;                    /* absolute, without links */
    const char *pipeline, *seed, *model; /* the model's name; "" where there is none */
    bool finished, tests_only;
    bool repeats;    /* the seed of an earlier run that differs in nothing from it */
    uint32_t wanted; /* iterations */
    double seconds;  /* of all parts */
    uint64_t n_retries;

    struct entry *manifest, *events, *warnings; /* the latter two by time */
    size_t n_manifest, n_events, n_warnings;
    bool has_more_warnings; /* than are kept */
    struct phase *phases;
    size_t n_phases;
    struct iteration_time *times; /* by iteration */
    size_t n_times;
    bool has_steps; /* every training that is done said its gradient steps */
    struct metric *metrics;
    size_t n_metrics;
    struct problem_example *problems; /* see examples.h */
    size_t n_problems;
    struct text_example *texts;
    size_t n_texts;
};

/* Runs that differ in nothing but their seed. One that repeats a seed says nothing more of chance:
 * means and spreads are of the first n_seeds runs alone, whose seeds differ. */
struct group {
    const char *label; /* what it is, for a legend */
    const char *mark;  /* the same in a few letters, for a place inside of a chart */
    size_t *runs;
    size_t n_runs, n_seeds;
};

struct report {
    struct arena memory;
    struct run_data *runs;
    size_t n_runs;
    struct group *groups;
    size_t n_groups;
};

/* Makes room for one more item at the end of the list and zeroes it; NULL with *err. `list` is the
 * address of the pointer to the first one; the list may move. */
#define LIST_ADD(memory, list, n, err) list_add(memory, list, n, sizeof **(list), err)
void *list_add(struct arena *, void *list, size_t *n, size_t size, struct leti_error *err);

/* A copy as a C string, or as bytes; NULL (or false) with *err. */
const char *keep_string(struct arena *, const char *string, struct leti_error *err);
bool keep_bytes(struct arena *, struct leti_bytes, struct leti_bytes *out, struct leti_error *err);

/* The value of a key of the manifest; NULL where it is not there. */
const char *manifest_value(const struct run_data *, const char *key);

/* The test of that name, or what is trained on where name is NULL; NULL where the run has none. */
const struct phase *phase_named(const struct run_data *, const char *name);
const struct metric *metric_named(const struct run_data *, const char *name);

#endif
