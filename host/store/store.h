/* store.h - run.db: everything that happened in a run, in SQLite.
 *
 * One writer, the head, on one thread. Rows are put into a transaction that store_commit ends:
 * the head commits before it acts on what a row says, so that after a crash nothing has happened
 * that the store does not know. A row that is there already is left as it is.
 *
 * A sample's key is (phase, iteration, problem, sample). Phase 0 is what is trained on, phase k
 * the pipeline's k-th test; a problem is its place in the phase's problem set, from 0.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/hash.h"
#include "leti/error.h"
#include "leti/plugin.h"

enum { STORE_VERSION = 2, STORE_PROGRAM_BYTES = 16, STORE_TRAINING = 0 };

struct store;

struct store_key {
    uint32_t phase, iteration, problem, sample;
};

struct store_sample {
    struct store_key key;
    struct leti_bytes raw;
    size_t program_size; /* the program is the first so many bytes of raw */
    uint32_t tokens;
    enum leti_finish finish;
    const float *logprobs; /* [tokens]; NULL: not known */
};

struct store_verdict {
    uint32_t evaluator; /* its place in the pipeline's flow, from 0 */
    uint32_t attempt;   /* that gave it, from 1 */
    bool reused;        /* from an identical program */
    struct leti_verdict verdict;
};

/* Creates folder/run.db, which must not be there. */
bool store_create(const char *folder, struct store **out, struct leti_error *err);
/* Opens it to go on writing. Refuses a file of another format. */
bool store_open(const char *folder, struct store **out, struct leti_error *err);
/* Opens it to read, while a run may be writing. Where none is, nothing is written beside it, so
 * that the folder may be one that cannot be written. */
bool store_open_read(const char *folder, struct store **out, struct leti_error *err);
/* Whether what is in folder/run.db is more than what a run leaves that is killed before it has
 * said what it is. */
bool store_has_begun(const char *folder, bool *begun, struct leti_error *err);
/* Gives up what is not committed. */
void store_close(struct store *);

/* Makes what was put since the last commit durable against a crash of the program. */
bool store_commit(struct store *, struct leti_error *err);

/* ---- what a result depends on ---- */

bool store_put_manifest(struct store *, const char *key, const char *value, struct leti_error *err);
/* *out is NULL where there is no such key; the caller frees it. */
bool store_manifest(struct store *, const char *key, char **out, struct leti_error *err);

bool store_put_phase(struct store *, uint32_t phase, const char *name, uint32_t samples,
                     struct leti_error *err);
bool store_put_evaluator(struct store *, uint32_t evaluator, const char *name, const char *version,
                         struct leti_error *err);
bool store_put_problem(struct store *, uint32_t phase, uint32_t problem,
                       const struct leti_problem *, struct leti_error *err);

/* ---- what happened ---- */

bool store_put_sample(struct store *, const struct store_sample *, struct leti_error *err);

/* Gives a phase the samples that another has, uncut. */
bool store_put_uncut_samples(struct store *, uint32_t phase, uint32_t from, uint32_t iteration,
                             struct leti_error *err);

/* The verdict that counts. program: the key that the cache finds it by (of the evaluator, the
 * problem and the program), or NULL. */
bool store_put_verdict(struct store *, const struct store_key *, const struct store_verdict *,
                       const unsigned char program[STORE_PROGRAM_BYTES], struct leti_error *err);

/* An attempt that ended in an infrastructure error and that another one follows. */
bool store_put_retry(struct store *, const struct store_key *, uint32_t evaluator, uint32_t attempt,
                     const char *why, struct leti_error *err);

/* A sample that a stage could not give, and why. */
bool store_put_lost(struct store *, const struct store_key *, const char *stage, const char *why,
                    struct leti_error *err);

bool store_put_example(struct store *, uint32_t problem, const struct leti_example *,
                       struct leti_error *err);
bool store_put_metric(struct store *, uint32_t iteration, const char *stage, const char *name,
                      uint64_t step, double value, struct leti_error *err);
bool store_put_event(struct store *, const char *kind, const char *text, struct leti_error *err);

/* A part of the run ("sample", "train", "test NAME") has ended, or went on for so long. Seconds
 * add up over the times that it was begun. */
bool store_put_part(struct store *, uint32_t iteration, const char *part, double seconds, bool done,
                    struct leti_error *err);

/* Takes away what a part that is begun again makes anew: infrastructure errors and lost samples
 * of a phase, and the metrics of a stage. */
bool store_forget_infra(struct store *, uint32_t phase, uint32_t iteration, struct leti_error *err);
bool store_forget_metrics(struct store *, uint32_t iteration, const char *stage,
                          struct leti_error *err);

/* ---- another run's ---- */

struct store_copy {
    uint32_t iterations; /* 1 .. iterations */
    uint32_t samples;    /* of each problem, the first ones */
    uint32_t n_evaluators;
    bool examples; /* as well */
};

/* Copies training samples that all evaluators judged, and their verdicts, out of another run's
 * store into this one, which has none yet. */
bool store_copy_training(struct store *, struct store *from, const struct store_copy *,
                         struct leti_error *err);

/* Of all training samples, their verdicts and examples. */
bool store_hash_training(struct store *, char out[HASH_TEXT], struct leti_error *err);

/* ---- reading ---- */

/* Whether the part is done, and its seconds so far. */
bool store_part(struct store *, uint32_t iteration, const char *part, bool *done, double *seconds,
                struct leti_error *err);
bool store_total_seconds(struct store *, double *out, struct leti_error *err);

/* The verdict that an identical program got; *found says whether there is one. It lives until
 * the next one is looked for, or store_commit. */
bool store_find_verdict(struct store *, const unsigned char program[STORE_PROGRAM_BYTES],
                        bool *found, struct leti_verdict *out, struct leti_error *err);

/* Any select, its columns read one by one. `sql` is a constant of the program; parameters are
 * bound by place, from 1. What a row gives lives until the next row. */
struct store_rows;
bool store_select(struct store *, const char *sql, struct store_rows **out, struct leti_error *err);
bool store_bind_number(struct store_rows *, int place, int64_t value, struct leti_error *err);
bool store_bind_text(struct store_rows *, int place, const char *value, struct leti_error *err);
/* LETI_OK, LETI_DONE after the last row, LETI_ERROR. */
enum leti_status store_next(struct store_rows *, struct leti_error *err);
void store_rewind(struct store_rows *);
bool store_is_null(const struct store_rows *, int column);
int64_t store_number(const struct store_rows *, int column);
double store_real(const struct store_rows *, int column);
struct leti_bytes store_bytes(const struct store_rows *, int column); /* NUL-terminated */
/* The floats of a blob; NULL where it holds not exactly n of them, as where it is null. They live
 * until the next row or another column's. */
const float *store_floats(struct store_rows *, int column, size_t n);
const char *store_text(const struct store_rows *, int column);
void store_rows_close(struct store_rows *);

#endif
