/* put - the rows that the head writes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "store/internal.h"
#include "store/packed.h"

static void bind_key(sqlite3_stmt *s, const struct store_key *key)
{
    sqlite3_bind_int64(s, 1, key->phase);
    sqlite3_bind_int64(s, 2, key->iteration);
    sqlite3_bind_int64(s, 3, key->problem);
    sqlite3_bind_int64(s, 4, key->sample);
}

/* Binds what was packed last. */
static bool bind_packed(struct store *store, sqlite3_stmt *s, int place, struct leti_error *err)
{
    if (store->packed.refused)
        return leti_error_set(err, "%s: out of memory for a row", store->path);
    store_bind_bytes(s, place, (struct leti_bytes){ store->packed.data, store->packed.size });
    return true;
}

bool store_put_manifest(struct store *store, const char *key, const char *value,
                        struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_MANIFEST, err);
    if (!s)
        return false;
    store_bind_string(s, 1, key);
    store_bind_string(s, 2, value);
    return store_run(store, s, err);
}

bool store_put_phase(struct store *store, uint32_t phase, const char *name, uint32_t samples,
                     struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_PHASE, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, phase);
    store_bind_string(s, 2, name);
    sqlite3_bind_int64(s, 3, samples);
    return store_run(store, s, err);
}

bool store_put_evaluator(struct store *store, uint32_t evaluator, const char *name,
                         const char *version, struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_EVALUATOR, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, evaluator);
    store_bind_string(s, 2, name);
    store_bind_string(s, 3, version);
    return store_run(store, s, err);
}

bool store_put_problem(struct store *store, uint32_t phase, uint32_t problem,
                       const struct leti_problem *p, struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_PROBLEM, err);
    if (!s)
        return false;
    text_clear(&store->packed);
    packed_add_pairs(&store->packed, p->extra, p->n_extra);
    sqlite3_bind_int64(s, 1, phase);
    sqlite3_bind_int64(s, 2, problem);
    store_bind_string(s, 3, p->id);
    store_bind_bytes(s, 4, p->prompt);
    store_bind_bytes(s, 5, p->tests);
    store_bind_bytes(s, 6, p->reference);
    return bind_packed(store, s, 7, err) && store_run(store, s, err);
}

/* Floats as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format's floats are little-endian");

bool store_put_sample(struct store *store, const struct store_sample *sample,
                      struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_SAMPLE, err);
    if (!s)
        return false;
    bind_key(s, &sample->key);
    store_bind_bytes(s, 5, sample->raw);
    sqlite3_bind_int64(s, 6, (int64_t)sample->program_size);
    sqlite3_bind_int64(s, 7, sample->tokens);
    sqlite3_bind_int64(s, 8, sample->finish);
    if (sample->logprobs)
        sqlite3_bind_blob64(s, 9, sample->logprobs, sample->tokens * sizeof *sample->logprobs,
                            SQLITE_STATIC);
    return store_run(store, s, err);
}

bool store_put_uncut_samples(struct store *store, uint32_t phase, uint32_t from, uint32_t iteration,
                             struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_UNCUT, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, phase);
    sqlite3_bind_int64(s, 2, from);
    sqlite3_bind_int64(s, 3, iteration);
    return store_run(store, s, err);
}

static bool bind_scores(struct store *store, sqlite3_stmt *s, int place,
                        const struct leti_verdict *verdict, struct leti_error *err)
{
    if (!verdict->n_scores)
        return sqlite3_bind_null(s, place) == SQLITE_OK || store_fail(store, err);
    text_clear(&store->packed);
    packed_add_pairs(&store->packed, verdict->scores, verdict->n_scores);
    return bind_packed(store, s, place, err);
}

bool store_put_verdict(struct store *store, const struct store_key *key,
                       const struct store_verdict *v,
                       const unsigned char program[STORE_PROGRAM_BYTES], struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_VERDICT, err);
    if (!s)
        return false;
    bind_key(s, key);
    sqlite3_bind_int64(s, 5, v->evaluator);
    sqlite3_bind_int64(s, 6, v->verdict.outcome);
    store_bind_string(s, 7, v->verdict.reason);
    store_bind_string(s, 8, v->verdict.exception);
    store_bind_bytes(s, 9, v->verdict.feedback);
    sqlite3_bind_double(s, 10, isfinite(v->verdict.seconds) ? v->verdict.seconds : 0);
    sqlite3_bind_int64(s, 12, v->attempt);
    sqlite3_bind_int64(s, 13, v->reused);
    if (program)
        sqlite3_bind_blob(s, 14, program, STORE_PROGRAM_BYTES, SQLITE_STATIC);
    return bind_scores(store, s, 11, &v->verdict, err) && store_run(store, s, err);
}

bool store_put_retry(struct store *store, const struct store_key *key, uint32_t evaluator,
                     uint32_t attempt, const char *why, struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_RETRY, err);
    if (!s)
        return false;
    bind_key(s, key);
    sqlite3_bind_int64(s, 5, evaluator);
    sqlite3_bind_int64(s, 6, attempt);
    store_bind_string(s, 7, why);
    return store_run(store, s, err);
}

bool store_put_lost(struct store *store, const struct store_key *key, const char *stage,
                    const char *why, struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_LOST, err);
    if (!s)
        return false;
    bind_key(s, key);
    store_bind_string(s, 5, stage);
    store_bind_string(s, 6, why);
    return store_run(store, s, err);
}

bool store_put_example(struct store *store, uint32_t problem, const struct leti_example *example,
                       struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_EXAMPLE, err);
    if (!s)
        return false;
    text_clear(&store->packed);
    packed_add_spans(&store->packed, example->spans, example->n_spans);
    sqlite3_bind_int64(s, 1, example->iteration);
    sqlite3_bind_int64(s, 2, problem);
    sqlite3_bind_int64(s, 3, example->index);
    store_bind_string(s, 4, example->problem);
    return bind_packed(store, s, 5, err) && store_run(store, s, err);
}

/* A number that is not finite is kept as a null. */
bool store_put_metric(struct store *store, uint32_t iteration, const char *stage, const char *name,
                      uint64_t step, double value, struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_METRIC, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, iteration);
    store_bind_string(s, 2, stage);
    store_bind_string(s, 3, name);
    sqlite3_bind_int64(s, 4, (int64_t)step);
    if (isfinite(value))
        sqlite3_bind_double(s, 5, value);
    return store_run(store, s, err);
}

bool store_put_event(struct store *store, const char *kind, const char *text,
                     struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_EVENT, err);
    if (!s)
        return false;
    store_bind_string(s, 1, kind);
    store_bind_string(s, 2, text);
    return store_run(store, s, err);
}

bool store_put_part(struct store *store, uint32_t iteration, const char *part, double seconds,
                    bool done, struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, PUT_PART, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, iteration);
    store_bind_string(s, 2, part);
    sqlite3_bind_double(s, 3, seconds);
    sqlite3_bind_int64(s, 4, done);
    return store_run(store, s, err);
}

static bool forget(struct store *store, enum statement which, uint32_t phase, uint32_t iteration,
                   struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, which, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, phase);
    sqlite3_bind_int64(s, 2, iteration);
    return store_run(store, s, err);
}

bool store_forget_infra(struct store *store, uint32_t phase, uint32_t iteration,
                        struct leti_error *err)
{
    return forget(store, FORGET_VERDICTS, phase, iteration, err) &&
           forget(store, FORGET_LOST, phase, iteration, err);
}

bool store_forget_metrics(struct store *store, uint32_t iteration, const char *stage,
                          struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, FORGET_METRICS, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, iteration);
    store_bind_string(s, 2, stage);
    return store_run(store, s, err);
}
