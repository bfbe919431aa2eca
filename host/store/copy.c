/* copy - a run's training samples into another run's store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/path.h"
#include "store/internal.h"
#include "store/tables.h"

/* ---- copying ---- */

static bool attach(struct store *store, const char *folder, struct leti_error *err)
{
    sqlite3_stmt *s = NULL;
    char *path = path_join(folder, "run.db");
    bool done =
        path && sqlite3_prepare_v2(store->db, "ATTACH ? AS origin", -1, &s, NULL) == SQLITE_OK;
    if (done) {
        store_bind_string(s, 1, path);
        done = sqlite3_step(s) == SQLITE_DONE;
    }
    if (!done)
        leti_error_set(err, "%s: %s", folder, path ? sqlite3_errmsg(store->db) : "out of memory");
    sqlite3_finalize(s);
    free(path);
    return done;
}

/* Runs a statement with these numbers, as far as it has places for them. */
static bool insert(struct store *store, const char *sql, const int64_t *numbers, int n,
                   struct leti_error *err)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &s, NULL) != SQLITE_OK)
        return store_fail(store, err);
    for (int i = 0; i < n && i < sqlite3_bind_parameter_count(s); i++)
        sqlite3_bind_int64(s, i + 1, numbers[i]);
    bool done = store_run(store, s, err);
    sqlite3_finalize(s);
    return done;
}

static bool copy_rows(struct store *store, const struct store_copy *copy, struct leti_error *err)
{
    const int64_t numbers[] = { copy->iterations, copy->samples, copy->n_evaluators };
    return insert(store,
                  "INSERT INTO main.sample SELECT s.* FROM origin.sample AS s JOIN "
                  "(" STORE_JUDGED("origin.verdict") ") AS j USING (phase, iteration, problem, "
                                                     "sample) WHERE s.phase = 0 AND s.iteration "
                                                     "BETWEEN 1 AND ?1 AND s.sample < ?2 AND "
                                                     "j.outcome < 2 AND j.verdicts = ?3",
                  numbers, 3, err) &&
           insert(store,
                  "INSERT INTO main.verdict SELECT v.* FROM origin.verdict AS v JOIN main.sample "
                  "USING (phase, iteration, problem, sample)",
                  numbers, 0, err) &&
           (!copy->examples ||
            insert(store,
                   "INSERT INTO main.example SELECT e.* FROM origin.example AS e JOIN main.sample "
                   "USING (iteration, problem, sample)",
                   numbers, 0, err));
}

bool store_copy_training(struct store *store, const char *folder, const struct store_copy *copy,
                         struct leti_error *err)
{
    return attach(store, folder, err) && copy_rows(store, copy, err);
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
