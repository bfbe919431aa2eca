/* copy - a run's training samples into another run's store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

/* ---- copying ---- */

/* One table's rows: how they are read there and put here. */
struct table {
    const char *select, *insert;
};

/* A sample counts where every evaluator judged it. */
#define JUDGED                                                                                     \
    " JOIN judged AS j USING (phase, iteration, problem, sample) WHERE phase = 0 AND iteration "   \
    "BETWEEN 1 AND ?1 AND sample < ?2 AND j.outcome < 2 AND j.verdicts = ?3"

static const struct table samples = {
    "SELECT s.* FROM sample AS s" JUDGED,
    "INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
};
static const struct table verdicts = {
    "SELECT v.* FROM verdict AS v" JUDGED,
    "INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
};
static const struct table examples = {
    "SELECT e.iteration, e.problem, e.sample, e.id, e.spans FROM (SELECT 0 AS phase, * FROM "
    "example) AS e" JUDGED,
    "INSERT INTO example VALUES (?, ?, ?, ?, ?)",
};

static bool put_row(struct store *to, sqlite3_stmt *put, sqlite3_stmt *row, struct leti_error *err)
{
    for (int i = 0; i < sqlite3_column_count(row); i++)
        if (sqlite3_bind_value(put, i + 1, sqlite3_column_value(row, i)) != SQLITE_OK)
            return store_fail(to, err);
    return store_run(to, put, err);
}

static bool put_rows(struct store *from, struct store *to, sqlite3_stmt *rows, sqlite3_stmt *put,
                     struct leti_error *err)
{
    int status;
    while ((status = sqlite3_step(rows)) == SQLITE_ROW)
        if (!put_row(to, put, rows, err))
            return false;
    return status == SQLITE_DONE || store_fail(from, err);
}

static bool copy_table(struct store *from, struct store *to, const struct table *table,
                       const struct store_copy *copy, struct leti_error *err)
{
    sqlite3_stmt *rows = NULL, *put = NULL;
    bool good = sqlite3_prepare_v2(from->db, table->select, -1, &rows, NULL) == SQLITE_OK ||
                store_fail(from, err);
    good = good && (sqlite3_prepare_v2(to->db, table->insert, -1, &put, NULL) == SQLITE_OK ||
                    store_fail(to, err));
    if (good) {
        sqlite3_bind_int64(rows, 1, copy->iterations);
        sqlite3_bind_int64(rows, 2, copy->samples);
        sqlite3_bind_int64(rows, 3, copy->n_evaluators);
        good = put_rows(from, to, rows, put, err);
    }
    sqlite3_finalize(rows);
    sqlite3_finalize(put);
    return good;
}

/* A connection of its own, and not an attached database: that one could not be let go of before the
 * transaction ends. */
bool store_copy_training(struct store *store, struct store *from, const struct store_copy *copy,
                         struct leti_error *err)
{
    return copy_table(from, store, &samples, copy, err) &&
           copy_table(from, store, &verdicts, copy, err) &&
           (!copy->examples || copy_table(from, store, &examples, copy, err));
}

/* ---- what was copied ---- */

static bool hash_rows(struct store *store, const char *sql, struct hash *hash,
                      struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    if (!store_select(store, sql, &rows, err))
        return false;
    while ((status = store_next(rows, err)) == LETI_OK)
        for (int column = 0; column < 7; column++) {
            struct leti_bytes bytes = store_bytes(rows, column);
            hash_add_part(hash, bytes.data, bytes.size);
        }
    store_rows_close(rows);
    return status == LETI_DONE;
}

bool store_hash_training(struct store *store, char out[HASH_TEXT], struct leti_error *err)
{
    struct hash hash;
    hash_begin(&hash);
    if (!hash_rows(store,
                   "SELECT iteration, problem, sample, raw, program_size, tokens, finish FROM "
                   "main.sample WHERE phase = 0 ORDER BY iteration, problem, sample",
                   &hash, err) ||
        !hash_rows(
            store,
            "SELECT iteration, problem, sample, evaluator, outcome, exception, feedback FROM "
            "main.verdict WHERE phase = 0 ORDER BY iteration, problem, sample, evaluator",
            &hash, err) ||
        !hash_rows(
            store,
            "SELECT iteration, problem, sample, id, spans, '', '' FROM main.example ORDER BY "
            "iteration, problem, sample",
            &hash, err))
        return false;
    hash_end_text(&hash, out);
    return true;
}
