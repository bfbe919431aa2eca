/* internal.h - what the store's own files share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <sqlite3.h>

#include "base/text.h"
#include "store/store.h"

/* Statements that are prepared once, at their first use. */
enum statement {
    PUT_MANIFEST,
    PUT_PHASE,
    PUT_EVALUATOR,
    PUT_PROBLEM,
    PUT_SAMPLE,
    PUT_UNCUT,
    PUT_VERDICT,
    PUT_RETRY,
    PUT_LOST,
    PUT_EXAMPLE,
    PUT_METRIC,
    PUT_EVENT,
    PUT_PART,
    FORGET_VERDICTS,
    FORGET_LOST,
    FORGET_METRICS,
    GET_MANIFEST,
    GET_PART,
    GET_SECONDS,
    GET_VERDICT,
    N_STATEMENTS
};

struct store {
    sqlite3 *db;
    char *path;
    bool in_transaction;
    sqlite3_stmt *statements[N_STATEMENTS];
    struct text packed;       /* what is bound to the statement in work */
    struct leti_pair *scores; /* of the verdict that store_find_verdict gave last */
};

/* The statement, reset and ready to be bound; NULL with *err. */
sqlite3_stmt *store_prepare(struct store *, enum statement, struct leti_error *err);

/* Runs a statement that gives no rows, in the open transaction or a new one. */
bool store_run(struct store *, sqlite3_stmt *, struct leti_error *err);

/* Says what the database said last. */
bool store_fail(const struct store *, struct leti_error *err);

static inline void store_bind_bytes(sqlite3_stmt *s, int place, struct leti_bytes bytes)
{
    sqlite3_bind_blob64(s, place, bytes.data, bytes.size, SQLITE_STATIC);
}

static inline void store_bind_string(sqlite3_stmt *s, int place, const char *text)
{
    sqlite3_bind_text(s, place, text, -1, SQLITE_STATIC);
}

#endif
