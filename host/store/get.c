/* get - the rows that are read back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "store/internal.h"
#include "store/packed.h"

/* Steps to the one row that a statement may give. */
static bool one_row(struct store *store, sqlite3_stmt *s, bool *found, struct leti_error *err)
{
    int code = sqlite3_step(s);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return store_fail(store, err);
    *found = code == SQLITE_ROW;
    return true;
}

static struct leti_bytes column_bytes(sqlite3_stmt *s, int column)
{
    const char *data = (const char *)sqlite3_column_text(s, column); /* ends with a NUL */
    return (struct leti_bytes){ data ? data : "", (size_t)sqlite3_column_bytes(s, column) };
}

bool store_manifest(struct store *store, const char *key, char **out, struct leti_error *err)
{
    bool found = false;
    sqlite3_stmt *s = store_prepare(store, GET_MANIFEST, err);
    if (!s)
        return false;
    store_bind_string(s, 1, key);
    if (!one_row(store, s, &found, err))
        return false;
    char *value = found ? strdup(column_bytes(s, 0).data) : NULL;
    sqlite3_reset(s);
    if (found && !value)
        return leti_error_set(err, "%s: out of memory", store->path);
    *out = value;
    return true;
}

bool store_part(struct store *store, uint32_t iteration, const char *part, bool *done,
                double *seconds, struct leti_error *err)
{
    bool found = false;
    sqlite3_stmt *s = store_prepare(store, GET_PART, err);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, iteration);
    store_bind_string(s, 2, part);
    if (!one_row(store, s, &found, err))
        return false;
    *done = found && sqlite3_column_int(s, 0);
    *seconds = found ? sqlite3_column_double(s, 1) : 0;
    sqlite3_reset(s);
    return true;
}

bool store_total_seconds(struct store *store, double *out, struct leti_error *err)
{
    bool found = false;
    sqlite3_stmt *s = store_prepare(store, GET_SECONDS, err);
    if (!s || !one_row(store, s, &found, err))
        return false;
    *out = sqlite3_column_double(s, 0);
    sqlite3_reset(s);
    return true;
}

static bool read_verdict(struct store *store, sqlite3_stmt *s, struct leti_verdict *out,
                         struct leti_error *err)
{
    struct leti_pair *scores = NULL;
    size_t n_scores = 0;
    if (sqlite3_column_type(s, 5) != SQLITE_NULL &&
        !packed_pairs(column_bytes(s, 5), &scores, &n_scores, err))
        return false;
    free(store->scores);
    store->scores = scores;
    *out = (struct leti_verdict){ .outcome = (enum leti_outcome)sqlite3_column_int(s, 0),
                                  .reason = column_bytes(s, 1).data,
                                  .exception = column_bytes(s, 2).data,
                                  .feedback = column_bytes(s, 3),
                                  .seconds = sqlite3_column_double(s, 4),
                                  .scores = scores,
                                  .n_scores = n_scores };
    return true;
}

bool store_find_verdict(struct store *store, const unsigned char program[STORE_PROGRAM_BYTES],
                        bool *found, struct leti_verdict *out, struct leti_error *err)
{
    sqlite3_stmt *s = store_prepare(store, GET_VERDICT, err);
    if (!s)
        return false;
    sqlite3_bind_blob(s, 1, program, STORE_PROGRAM_BYTES, SQLITE_STATIC);
    return one_row(store, s, found, err) && (!*found || read_verdict(store, s, out, err));
}

/* ---- any select ---- */

struct store_rows {
    struct store *store;
    sqlite3_stmt *s;
    float *floats; /* of store_floats; SQLite's own bytes may lie at any address */
};

bool store_select(struct store *store, const char *sql, struct store_rows **out,
                  struct leti_error *err)
{
    struct store_rows *rows = calloc(1, sizeof *rows);
    if (!rows)
        return leti_error_set(err, "%s: out of memory", store->path);
    rows->store = store;
    if (sqlite3_prepare_v2(store->db, sql, -1, &rows->s, NULL) != SQLITE_OK) {
        free(rows);
        return store_fail(store, err);
    }
    *out = rows;
    return true;
}

bool store_bind_number(struct store_rows *rows, int place, int64_t value, struct leti_error *err)
{
    return sqlite3_bind_int64(rows->s, place, value) == SQLITE_OK || store_fail(rows->store, err);
}

bool store_bind_text(struct store_rows *rows, int place, const char *value, struct leti_error *err)
{
    return sqlite3_bind_text(rows->s, place, value, -1, SQLITE_TRANSIENT) == SQLITE_OK ||
           store_fail(rows->store, err);
}

enum leti_status store_next(struct store_rows *rows, struct leti_error *err)
{
    switch (sqlite3_step(rows->s)) {
    case SQLITE_ROW:
        return LETI_OK;
    case SQLITE_DONE:
        return LETI_DONE;
    default:
        store_fail(rows->store, err);
        return LETI_ERROR;
    }
}

void store_rewind(struct store_rows *rows)
{
    sqlite3_reset(rows->s);
}

bool store_is_null(const struct store_rows *rows, int column)
{
    return sqlite3_column_type(rows->s, column) == SQLITE_NULL;
}

int64_t store_number(const struct store_rows *rows, int column)
{
    return sqlite3_column_int64(rows->s, column);
}

double store_real(const struct store_rows *rows, int column)
{
    return sqlite3_column_double(rows->s, column);
}

struct leti_bytes store_bytes(const struct store_rows *rows, int column)
{
    return column_bytes(rows->s, column);
}

const float *store_floats(struct store_rows *rows, int column, size_t n)
{
    const void *data = sqlite3_column_blob(rows->s, column);
    size_t size = (size_t)sqlite3_column_bytes(rows->s, column);
    if (!data || size % sizeof *rows->floats || size / sizeof *rows->floats != n)
        return NULL;
    float *floats = realloc(rows->floats, size);
    if (!floats)
        return NULL;
    rows->floats = floats;
    return memcpy(floats, data, size);
}

const char *store_text(const struct store_rows *rows, int column)
{
    return column_bytes(rows->s, column).data;
}

void store_rows_close(struct store_rows *rows)
{
    if (!rows)
        return;
    sqlite3_finalize(rows->s);
    free(rows->floats);
    free(rows);
}
