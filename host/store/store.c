/* store - run.db: opening, transactions, the statements in use.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "store/internal.h"
#include "store/tables.h"

enum { APPLICATION = 0x4c455449 /* "LETI" */, BUSY_MS = 10000 };

#define KEY "phase, iteration, problem, sample"

static const char *const texts[N_STATEMENTS] = {
    [PUT_MANIFEST] = "INSERT OR IGNORE INTO manifest VALUES (?, ?)",
    [PUT_PHASE] = "INSERT OR IGNORE INTO phase VALUES (?, ?, ?)",
    [PUT_EVALUATOR] = "INSERT OR IGNORE INTO evaluator VALUES (?, ?, ?)",
    [PUT_PROBLEM] = "INSERT OR IGNORE INTO problem VALUES (?, ?, ?, ?, ?, ?, ?)",
    [PUT_SAMPLE] = "INSERT OR IGNORE INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [PUT_UNCUT] = "INSERT OR IGNORE INTO sample SELECT ?, iteration, problem, sample, raw, "
                  "length(raw), tokens, finish, logprobs FROM sample "
                  "WHERE phase = ? AND iteration = ?",
    [PUT_VERDICT] = "INSERT OR IGNORE INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                    "?)",
    [PUT_RETRY] = "INSERT INTO retry VALUES (?, ?, ?, ?, ?, ?, ?)",
    [PUT_LOST] = "INSERT OR IGNORE INTO lost VALUES (?, ?, ?, ?, ?, ?)",
    [PUT_EXAMPLE] = "INSERT OR IGNORE INTO example VALUES (?, ?, ?, ?, ?)",
    [PUT_METRIC] = "INSERT OR REPLACE INTO metric VALUES (?, ?, ?, ?, ?)",
    [PUT_EVENT] = "INSERT INTO event (kind, text) VALUES (?, ?)",
    [PUT_PART] = "INSERT INTO part VALUES (?, ?, ?, ?) ON CONFLICT (iteration, part) DO UPDATE SET "
                 "seconds = seconds + excluded.seconds, done = excluded.done",
    [FORGET_VERDICTS] = "DELETE FROM verdict WHERE phase = ? AND iteration = ? AND outcome = 2",
    [FORGET_LOST] = "DELETE FROM lost WHERE phase = ? AND iteration = ?",
    [FORGET_METRICS] = "DELETE FROM metric WHERE iteration = ? AND stage = ?",
    [GET_MANIFEST] = "SELECT value FROM manifest WHERE key = ?",
    [GET_PART] = "SELECT done, seconds FROM part WHERE iteration = ? AND part = ?",
    [GET_SECONDS] = "SELECT coalesce(sum(seconds), 0) FROM part",
    [GET_VERDICT] = "SELECT outcome, reason, exception, feedback, seconds, scores FROM verdict "
                    "WHERE program = ? LIMIT 1",
};

bool store_fail(const struct store *store, struct leti_error *err)
{
    if (sqlite3_errcode(store->db) == SQLITE_FULL)
        return leti_error_set(err, "%s: the disk is full", store->path);
    return leti_error_set(err, "%s: %s", store->path, sqlite3_errmsg(store->db));
}

static bool execute(struct store *store, const char *sql, struct leti_error *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(store, err);
}

static bool read_number(struct store *store, const char *sql, int64_t *out, struct leti_error *err)
{
    sqlite3_stmt *s = NULL;
    bool read = sqlite3_prepare_v2(store->db, sql, -1, &s, NULL) == SQLITE_OK &&
                sqlite3_step(s) == SQLITE_ROW;
    if (read)
        *out = sqlite3_column_int64(s, 0);
    else
        store_fail(store, err);
    sqlite3_finalize(s);
    return read;
}

/* ---- the file ---- */

/* How SQLite is told to read a file as it lies there, without a log or locks beside it. */
static char *still_name(const char *path)
{
    struct text name = { 0 };
    text_add(&name, "file:");
    for (; *path; path++)
        if (isalnum((unsigned char)*path) || *path == '/')
            text_add_char(&name, *path);
        else
            text_printf(&name, "%%%02X", (unsigned char)*path);
    text_add(&name, "?immutable=1");
    return text_take(&name, NULL);
}

static bool check_readable(const char *folder, const char *path, struct leti_error *err)
{
    if (access(path, R_OK) == 0)
        return path_is_file(path) || leti_error_set(err, "%s: not a file", path);
    return errno == ENOENT || errno == ENOTDIR
               ? leti_error_set(err, "%s: not a run (no run.db in it)", folder)
               : leti_error_set(err, "%s: %s", path, strerror(errno));
}

/* Takes the path. still: as nobody writes it. */
static struct store *open_path(char *path, int flags, bool still, struct leti_error *err)
{
    struct store *store = calloc(1, sizeof *store);
    char *name = still ? still_name(path) : strdup(path);
    if (!store || !name) {
        leti_error_set(err, "%s: out of memory", path);
        free(store);
        free(name);
        free(path);
        return NULL;
    }
    store->path = path;
    bool opened = sqlite3_open_v2(name, &store->db, flags, NULL) == SQLITE_OK;
    free(name);
    if (!opened) {
        store_fail(store, err);
        store_close(store);
        return NULL;
    }
    sqlite3_busy_timeout(store->db, BUSY_MS);
    return store;
}

static char *database_path(const char *folder, struct leti_error *err)
{
    char *path = path_join(folder, "run.db");
    if (!path)
        leti_error_set(err, "%s: out of memory", folder);
    return path;
}

static struct store *open_file(const char *folder, int flags, struct leti_error *err)
{
    char *path = database_path(folder, err);
    if (path && ((flags & SQLITE_OPEN_CREATE) || check_readable(folder, path, err)))
        return open_path(path, flags, false, err);
    free(path);
    return NULL;
}

/* WAL with synchronous NORMAL: what is committed outlives the program; the last moments before
 * a power cut may be lost, and are then generated again. */
static bool set_up_writer(struct store *store, struct leti_error *err)
{
    return execute(store,
                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                   "PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -65536;",
                   err);
}

static bool create_tables(struct store *store, struct leti_error *err)
{
    char version[128];
    snprintf(version, sizeof version, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             APPLICATION, STORE_VERSION);
    return execute(store, "PRAGMA page_size = 8192;", err) && set_up_writer(store, err) &&
           execute(store, "BEGIN", err) && execute(store, store_tables, err) &&
           execute(store, version, err) && execute(store, "COMMIT", err);
}

bool store_create(const char *folder, struct store **out, struct leti_error *err)
{
    char *path = path_join(folder, "run.db");
    if (!path || access(path, F_OK) == 0) {
        leti_error_set(err, "%s/run.db: %s", folder, path ? "is there already" : "out of memory");
        free(path);
        return false;
    }
    free(path);
    struct store *store = open_file(folder, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (!store || !create_tables(store, err)) {
        store_close(store);
        return false;
    }
    *out = store;
    return true;
}

/* ---- what is there ---- */

/* Format 1 had no log-probabilities. */
static bool upgrade(struct store *store, struct leti_error *err)
{
    int64_t version;
    if (sqlite3_db_readonly(store->db, "main") == 1)
        return leti_error_set(err,
                              "%s: format 1, which is brought up to date before it is read, but "
                              "nothing can be written there",
                              store->path);
    if (!execute(store, "BEGIN IMMEDIATE", err) ||
        !read_number(store, "PRAGMA user_version", &version, err))
        return false;
    return version != 1 /* somebody else was first */
               ? execute(store, "COMMIT", err)
               : execute(store,
                         "ALTER TABLE sample ADD COLUMN logprobs BLOB; PRAGMA user_version = 2;"
                         "COMMIT",
                         err);
}

static bool refuse(const struct store *store, struct leti_error *err)
{
    return leti_error_set(err, "%s: not a run's database", store->path);
}

/* Of a database that does not say what it is. */
static bool refuse_unmarked(struct store *store, struct leti_error *err)
{
    int64_t n;
    if (!read_number(store, "SELECT count(*) FROM sqlite_schema", &n, err))
        return false;
    return n ? refuse(store, err)
             : leti_error_set(err, "%s: the run was cut off before it began; start it again",
                              store->path);
}

static bool read_marks(struct store *store, int64_t *application, int64_t *version,
                       struct leti_error *err)
{
    if (read_number(store, "PRAGMA application_id", application, err) &&
        read_number(store, "PRAGMA user_version", version, err))
        return true;
    if (sqlite3_errcode(store->db) == SQLITE_NOTADB)
        return refuse(store, err);
    if (sqlite3_errcode(store->db) == SQLITE_CANTOPEN)
        return leti_error_set(
            err,
            "%s: cannot be read while changes lie in the log beside it, run.db-wal,"
            " and nothing can be written there",
            store->path);
    return false;
}

static bool check_format(struct store *store, struct leti_error *err)
{
    int64_t application, version;
    if (!read_marks(store, &application, &version, err))
        return false;
    if (!version && !application)
        return refuse_unmarked(store, err);
    if (application != APPLICATION)
        return refuse(store, err);
    if (version == 1)
        return upgrade(store, err);
    if (version != STORE_VERSION)
        return leti_error_set(err, "%s: format %lld, this program reads %d", store->path,
                              (long long)version, STORE_VERSION);
    return true;
}

/* A view in the place of a table could be a query that never ends. */
static bool check_tables(struct store *store, struct leti_error *err)
{
    int64_t n;
    return read_number(store,
                       "SELECT count(*) FROM sqlite_schema WHERE type <> 'trigger' AND "
                       "rootpage = 0 AND lower(name) IN ('manifest', 'phase', 'evaluator', "
                       "'problem', 'sample', 'verdict', 'retry', 'lost', 'example', 'metric', "
                       "'part', 'event')",
                       &n, err) &&
           (!n ||
            leti_error_set(err, "%s: damaged: what should be a table is a view", store->path));
}

static bool check_contents(struct store *store, struct leti_error *err)
{
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return check_format(store, err) && check_tables(store, err) &&
           execute(store, store_own_views, err);
}

bool store_open(const char *folder, struct store **out, struct leti_error *err)
{
    struct store *store = open_file(folder, SQLITE_OPEN_READWRITE, err);
    if (!store || !check_contents(store, err) || !set_up_writer(store, err)) {
        store_close(store);
        return false;
    }
    *out = store;
    return true;
}

/* ---- reading ---- */

/* Bytes of the file beside the database; -1 where there is none. */
static int64_t size_beside(const char *path, const char *end)
{
    struct stat info;
    char *name = NULL;
    if (asprintf(&name, "%s%s", path, end) < 0)
        return -1;
    int64_t size = stat(name, &info) == 0 ? (int64_t)info.st_size : -1;
    free(name);
    return size;
}

/* Whether all of it is in the one file and nobody has it open. SQLite would read it with two more
 * files beside it, which a folder that cannot be written does not take, and which a reader that is
 * killed leaves behind. */
static bool is_still(const char *folder, const char *path)
{
    if (size_beside(path, "-wal") > 0)
        return false;
    return size_beside(path, "-shm") < 0 || access(folder, W_OK) != 0;
}

static bool is_format_1(struct store *store)
{
    int64_t version = 0;
    return read_number(store, "PRAGMA user_version", &version, NULL) && version == 1;
}

static struct store *open_as_it_lies(const char *folder, struct leti_error *err)
{
    char *path = database_path(folder, err);
    bool good = path && check_readable(folder, path, err);
    if (good && is_still(folder, path))
        return open_path(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, true, err);
    if (good)
        return open_path(path, SQLITE_OPEN_READWRITE, false, err);
    free(path);
    return NULL;
}

bool store_open_read(const char *folder, struct store **out, struct leti_error *err)
{
    struct store *store = open_as_it_lies(folder, err);
    if (store && is_format_1(store) && access(folder, W_OK) == 0) {
        store_close(store);
        store = open_file(folder, SQLITE_OPEN_READWRITE, err);
    }
    if (!store || !check_contents(store, err) || !execute(store, "PRAGMA query_only = 1;", err)) {
        store_close(store);
        return false;
    }
    *out = store;
    return true;
}

bool store_has_begun(const char *folder, bool *begun, struct leti_error *err)
{
    int64_t n = 0, application = 0, tables = 0;
    struct store *store = open_file(folder, SQLITE_OPEN_READWRITE, err);
    bool good = store && check_tables(store, err) &&
                read_number(store, "PRAGMA application_id", &application, err) &&
                read_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err) &&
                (application != APPLICATION ||
                 read_number(store, "SELECT count(*) FROM manifest", &n, err));
    store_close(store);
    if (good)
        *begun = application == APPLICATION ? n : tables;
    return good;
}

/* ---- statements and transactions ---- */

void store_close(struct store *store)
{
    if (!store)
        return;
    for (int i = 0; i < N_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    text_free(&store->packed);
    free(store->scores);
    free(store->path);
    free(store);
}

sqlite3_stmt *store_prepare(struct store *store, enum statement which, struct leti_error *err)
{
    sqlite3_stmt **s = &store->statements[which];
    if (*s) {
        sqlite3_reset(*s);
        return *s;
    }
    if (sqlite3_prepare_v3(store->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL) !=
        SQLITE_OK)
        store_fail(store, err);
    return *s;
}

static bool begin(struct store *store, struct leti_error *err)
{
    if (store->in_transaction)
        return true;
    return store->in_transaction = execute(store, "BEGIN IMMEDIATE", err);
}

bool store_run(struct store *store, sqlite3_stmt *s, struct leti_error *err)
{
    if (!begin(store, err))
        return false;
    bool done = sqlite3_step(s) == SQLITE_DONE || store_fail(store, err);
    sqlite3_reset(s); /* repeats the failure that was just told */
    sqlite3_clear_bindings(s);
    return done;
}

bool store_commit(struct store *store, struct leti_error *err)
{
    sqlite3_reset(store->statements[GET_VERDICT]); /* a reader that stays keeps the log growing */
    if (!store->in_transaction)
        return true;
    if (!execute(store, "COMMIT", err))
        return false;
    store->in_transaction = false;
    return true;
}
