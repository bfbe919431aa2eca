/* store_test - run.db: rows come back as they were put, once, and a crash or a full disk leaves
 * what was committed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/file.h"
#include "base/path.h"
#include "store/folder.h"
#include "store/packed.h"

struct scratch {
    char folder[64];
    struct leti_error err;
};

static int set_up(void **state)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch)
        return -1;
    strcpy(scratch->folder, "/tmp/leti-store-XXXXXX");
    *state = scratch;
    return mkdtemp(scratch->folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct scratch *scratch = *state;
    bool removed = file_remove_tree(scratch->folder, &scratch->err);
    free(scratch);
    return removed ? 0 : -1;
}

#define check(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s: %s", #condition, scratch->err.text);                                     \
    } while (0)

static struct leti_bytes bytes(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

static struct store_sample sample_of(uint32_t number, const char *raw)
{
    return (struct store_sample){
        .key = { .phase = 0, .iteration = 1, .problem = number / 8, .sample = number % 8 },
        .raw = bytes(raw),
        .program_size = strlen(raw) / 2,
        .tokens = 9,
        .finish = LETI_FINISH_STOP,
    };
}

static int64_t number_of(struct scratch *scratch, struct store *store, const char *sql)
{
    struct store_rows *rows = NULL;
    check(store_select(store, sql, &rows, &scratch->err));
    assert_int_equal(store_next(rows, &scratch->err), LETI_OK);
    int64_t number = store_number(rows, 0);
    store_rows_close(rows);
    return number;
}

static void a_row_that_arrives_twice_is_stored_once(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    check(store_create(scratch->folder, &store, &scratch->err));
    struct store_sample first = sample_of(0, "first"), second = sample_of(0, "second");
    check(store_put_sample(store, &first, &scratch->err));
    check(store_put_sample(store, &first, &scratch->err));
    check(store_commit(store, &scratch->err));
    check(store_put_sample(store, &second, &scratch->err));
    check(store_commit(store, &scratch->err));
    assert_int_equal(number_of(scratch, store, "SELECT count(*) FROM sample"), 1);
    assert_int_equal(number_of(scratch, store,
                               "SELECT raw = 'first' FROM "
                               "(SELECT CAST(raw AS TEXT) AS raw FROM sample)"),
                     1);
    store_close(store);
}

static void bytes_come_back_as_they_were(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    struct store_rows *rows = NULL;
    static const char raw[] = "a\0b\xff\xfe\n\"'";
    struct store_sample sample = { .raw = { raw, sizeof raw - 1 }, .program_size = 3 };
    check(store_create(scratch->folder, &store, &scratch->err));
    check(store_put_sample(store, &sample, &scratch->err));
    check(store_commit(store, &scratch->err));
    check(store_select(store, "SELECT raw, program_size FROM sample", &rows, &scratch->err));
    assert_int_equal(store_next(rows, &scratch->err), LETI_OK);
    struct leti_bytes back = store_bytes(rows, 0);
    assert_int_equal(back.size, sizeof raw - 1);
    assert_memory_equal(back.data, raw, sizeof raw);
    assert_int_equal(store_number(rows, 1), 3);
    assert_int_equal(store_next(rows, &scratch->err), LETI_DONE);
    store_rows_close(rows);
    store_close(store);
}

static void log_probabilities_come_back_as_they_were(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    struct store_rows *rows = NULL;
    static const float logprobs[] = { -0.1f, -12.5f, 0.0f };
    struct store_sample with = sample_of(0, "with"), without = sample_of(1, "without");
    with.logprobs = logprobs;
    with.tokens = 3;
    check(store_create(scratch->folder, &store, &scratch->err));
    check(store_put_sample(store, &with, &scratch->err));
    check(store_put_sample(store, &without, &scratch->err));
    check(store_commit(store, &scratch->err));
    check(store_select(store, "SELECT logprobs FROM sample ORDER BY sample", &rows, &scratch->err));
    assert_int_equal(store_next(rows, &scratch->err), LETI_OK);
    assert_null(store_floats(rows, 0, 2));
    const float *back = store_floats(rows, 0, 3);
    assert_non_null(back);
    assert_memory_equal(back, logprobs, sizeof logprobs);
    assert_int_equal(store_next(rows, &scratch->err), LETI_OK);
    assert_true(store_is_null(rows, 0));
    assert_null(store_floats(rows, 0, 9));
    store_rows_close(rows);
    store_close(store);
}

static void change(struct scratch *scratch, const char *sql)
{
    sqlite3 *db = NULL;
    char *path = path_join(scratch->folder, "run.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(path);
}

/* Makes of the run in the folder one as the first format had it. */
static void make_format_1(struct scratch *scratch)
{
    change(scratch, "ALTER TABLE sample DROP COLUMN logprobs; PRAGMA user_version = 1");
}

static void a_run_of_the_first_format_goes_on(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    struct store_sample old = sample_of(0, "old"), new = sample_of(1, "new");
    static const float logprobs[9] = { -1.0f };
    check(store_create(scratch->folder, &store, &scratch->err));
    check(store_put_sample(store, &old, &scratch->err));
    check(store_commit(store, &scratch->err));
    store_close(store);
    make_format_1(scratch);
    check(store_open_read(scratch->folder, &store, &scratch->err));
    assert_int_equal(number_of(scratch, store, "SELECT count(*) FROM sample"), 1);
    assert_int_equal(number_of(scratch, store, "SELECT count(logprobs) FROM sample"), 0);
    store_close(store);
    new.logprobs = logprobs;
    check(store_open(scratch->folder, &store, &scratch->err));
    check(store_put_sample(store, &new, &scratch->err));
    check(store_commit(store, &scratch->err));
    assert_int_equal(number_of(scratch, store, "SELECT count(logprobs) FROM sample"), 1);
    store_close(store);
}

static struct store_verdict verdict_of(enum leti_outcome outcome, const struct leti_pair *scores)
{
    return (struct store_verdict){
        .attempt = 1,
        .verdict = { .outcome = outcome,
                     .reason = "exception",
                     .exception = "NameError",
                     .feedback = bytes("Traceback"),
                     .seconds = 0.25,
                     .scores = scores,
                     .n_scores = scores ? 1 : 0 },
    };
}

static void a_verdict_is_found_by_its_program(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    const unsigned char one[STORE_PROGRAM_BYTES] = { 1 }, other[STORE_PROGRAM_BYTES] = { 2 };
    const struct leti_pair score = { "lines", bytes("12") };
    struct store_key key = { .problem = 5 };
    struct store_verdict put = verdict_of(LETI_FAILED, &score);
    struct leti_verdict got;
    bool found = true;
    check(store_create(scratch->folder, &store, &scratch->err));
    check(store_find_verdict(store, one, &found, &got, &scratch->err));
    assert_false(found);
    check(store_put_verdict(store, &key, &put, one, &scratch->err));
    check(store_find_verdict(store, one, &found, &got, &scratch->err));
    assert_true(found);
    assert_int_equal(got.outcome, LETI_FAILED);
    assert_string_equal(got.exception, "NameError");
    assert_string_equal(got.feedback.data, "Traceback");
    assert_true(got.seconds == 0.25);
    assert_int_equal(got.n_scores, 1);
    assert_string_equal(got.scores[0].key, "lines");
    assert_string_equal(got.scores[0].value.data, "12");
    check(store_find_verdict(store, other, &found, &got, &scratch->err));
    assert_false(found);
    store_close(store);
}

static void infrastructure_errors_are_forgotten_and_nothing_else(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    struct store_verdict failed = verdict_of(LETI_FAILED, NULL),
                         infra = verdict_of(LETI_INFRA, NULL);
    struct store_key keys[] = { { 0, 1, 0, 0 }, { 0, 1, 0, 1 }, { 0, 2, 0, 0 } };
    check(store_create(scratch->folder, &store, &scratch->err));
    check(store_put_verdict(store, &keys[0], &failed, NULL, &scratch->err));
    check(store_put_verdict(store, &keys[1], &infra, NULL, &scratch->err));
    check(store_put_verdict(store, &keys[2], &infra, NULL, &scratch->err));
    check(store_put_lost(store, &keys[1], "generate", "crashed", &scratch->err));
    check(store_forget_infra(store, 0, 1, &scratch->err));
    assert_int_equal(number_of(scratch, store, "SELECT count(*) FROM verdict"), 2);
    assert_int_equal(number_of(scratch, store, "SELECT count(*) FROM lost"), 0);
    store_close(store);
}

static void parts_add_up_their_seconds(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    bool done = true;
    double seconds = 1;
    check(store_create(scratch->folder, &store, &scratch->err));
    check(store_part(store, 1, "sample", &done, &seconds, &scratch->err));
    assert_false(done);
    check(store_put_part(store, 1, "sample", 2, false, &scratch->err));
    check(store_put_part(store, 1, "sample", 3, true, &scratch->err));
    check(store_part(store, 1, "sample", &done, &seconds, &scratch->err));
    assert_true(done);
    assert_true(seconds == 5);
    store_close(store);
}

static void packed_spans_come_back(void **state)
{
    struct scratch *scratch = *state;
    const struct leti_span spans[] = { { bytes("<|good|>"), 3 },
                                       { { "x\0y", 3 }, 1 },
                                       { { "", 0 }, 5 } };
    struct leti_span *back = NULL;
    struct text text = { 0 };
    size_t n = 0;
    packed_add_spans(&text, spans, 3);
    check(packed_spans((struct leti_bytes){ text.data, text.size }, &back, &n, &scratch->err));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(back[i].flags, spans[i].flags);
        assert_int_equal(back[i].text.size, spans[i].text.size);
        assert_memory_equal(back[i].text.data, spans[i].text.data, spans[i].text.size + 1);
    }
    free(back);
    text_free(&text);
}

/* Any cut, and a length that lies, is refused without a read past the end. */
static void damaged_spans_are_refused(void **state)
{
    struct scratch *scratch = *state;
    const struct leti_span spans[] = { { bytes("some text"), 1 }, { bytes("more"), 1 } };
    struct leti_span *back = NULL;
    struct text text = { 0 };
    size_t n = 0;
    packed_add_spans(&text, spans, 2);
    for (size_t size = 0; size < text.size; size++) {
        char *cut = malloc(size + 1);
        assert_non_null(cut);
        memcpy(cut, text.data, size);
        assert_false(packed_spans((struct leti_bytes){ cut, size }, &back, &n, &scratch->err));
        free(cut);
    }
    memset(text.data, 0xff, 4);
    assert_false(
        packed_spans((struct leti_bytes){ text.data, text.size }, &back, &n, &scratch->err));
    assert_string_equal(scratch->err.text, "an example in the database is damaged");
    text_free(&text);
}

/* Puts samples from `first` on: 100 that are committed, 50 that are not, and dies. */
static void crash_while_writing(const char *folder, uint32_t first)
{
    struct store *store = NULL;
    bool good = first ? store_open(folder, &store, NULL) : store_create(folder, &store, NULL);
    for (uint32_t i = first; good && i < first + 150; i++) {
        struct store_sample sample = sample_of(i, "some program");
        good = store_put_sample(store, &sample, NULL);
        if (i == first + 99)
            good = good && store_commit(store, NULL);
    }
    if (good)
        raise(SIGKILL);
    _exit(1);
}

static void a_crash_leaves_what_was_committed(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    for (uint32_t round = 0; round < 3; round++) {
        int status;
        pid_t child = fork();
        if (!child)
            crash_while_writing(scratch->folder, round * 100);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    check(store_open(scratch->folder, &store, &scratch->err));
    assert_int_equal(number_of(scratch, store, "SELECT count(*) FROM sample"), 300);
    store_close(store);
}

/* Fills the store until the file may not grow any more; gives the number of committed rows. */
static uint32_t fill(struct scratch *scratch, struct store *store, bool *full)
{
    char raw[4097];
    memset(raw, 'x', sizeof raw - 1);
    raw[sizeof raw - 1] = '\0';
    uint32_t committed = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        struct store_sample sample = sample_of(i, raw);
        if (!store_put_sample(store, &sample, &scratch->err) ||
            !store_commit(store, &scratch->err)) {
            *full = true;
            return committed;
        }
        committed = i + 1;
    }
    *full = false;
    return committed;
}

static void a_full_disk_is_an_error_that_loses_nothing(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    struct rlimit before, limit;
    bool full;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){ .rlim_cur = 1 << 20, .rlim_max = before.rlim_max };
    check(store_create(scratch->folder, &store, &scratch->err));

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    uint32_t committed = fill(scratch, store, &full);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);

    assert_true(full);
    assert_non_null(strstr(scratch->err.text, "run.db: "));
    store_close(store);
    check(store_open(scratch->folder, &store, &scratch->err));
    assert_int_equal(number_of(scratch, store, "SELECT count(*) FROM sample"), committed);
    store_close(store);
}

static bool is_there(struct scratch *scratch, const char *name)
{
    char *path = path_join(scratch->folder, name);
    bool there = path && access(path, F_OK) == 0;
    free(path);
    return there;
}

static void put_one_sample(struct scratch *scratch)
{
    struct store *store = NULL;
    struct store_sample sample = sample_of(0, "some program");
    check(store_create(scratch->folder, &store, &scratch->err));
    check(store_put_sample(store, &sample, &scratch->err));
    check(store_commit(store, &scratch->err));
    store_close(store);
}

/* Reads as somebody who may not write there; root may write anywhere. */
static void read_as_a_stranger(const char *folder)
{
    struct store *store = NULL;
    struct store_rows *rows = NULL;
    bool good = (getuid() || setuid(65534) == 0) && access(folder, W_OK) != 0 &&
                store_open_read(folder, &store, NULL) &&
                store_select(store, "SELECT count(*) FROM sample", &rows, NULL) &&
                store_next(rows, NULL) == LETI_OK && store_number(rows, 0) == 1;
    _exit(good ? 0 : 1);
}

static void a_run_is_read_where_nothing_can_be_written(void **state)
{
    struct scratch *scratch = *state;
    int status;
    put_one_sample(scratch);
    assert_int_equal(chmod(scratch->folder, 0555), 0);
    pid_t child = fork();
    if (!child)
        read_as_a_stranger(scratch->folder);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(scratch->folder, 0755), 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_finished_run_is_read_without_a_trace(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    put_one_sample(scratch);
    check(store_open_read(scratch->folder, &store, &scratch->err));
    assert_int_equal(number_of(scratch, store, "SELECT count(*) FROM sample"), 1);
    assert_false(is_there(scratch, "run.db-wal") || is_there(scratch, "run.db-shm"));
    store_close(store);
}

static void a_run_that_is_written_is_read_with_its_log(void **state)
{
    struct scratch *scratch = *state;
    struct store *writer = NULL, *reader = NULL;
    struct store_sample sample = sample_of(0, "some program");
    check(store_create(scratch->folder, &writer, &scratch->err));
    check(store_put_sample(writer, &sample, &scratch->err));
    check(store_commit(writer, &scratch->err));
    check(store_open_read(scratch->folder, &reader, &scratch->err));
    assert_int_equal(number_of(scratch, reader, "SELECT count(*) FROM sample"), 1);
    store_close(reader);
    store_close(writer);
}

static void refuses_somebody_elses_database(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    sqlite3 *db = NULL;
    char *path = path_join(scratch->folder, "run.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_false(store_open_read(scratch->folder, &store, &scratch->err));
    assert_non_null(strstr(scratch->err.text, "run.db: not a run's database"));
    free(path);
}

static void refuses_what_is_no_run(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    char *path = path_join(scratch->folder, "run.db");
    assert_false(store_open(scratch->folder, &store, &scratch->err));
    assert_non_null(strstr(scratch->err.text, "not a run (no run.db in it)"));
    check(file_write(path, "not a database, but long enough to look like one", 48, &scratch->err));
    assert_false(store_open(scratch->folder, &store, &scratch->err));
    check(file_write(path, "", 0, &scratch->err));
    assert_false(store_open(scratch->folder, &store, &scratch->err));
    assert_non_null(strstr(scratch->err.text, "cut off before it began"));
    assert_false(store_create(scratch->folder, &store, &scratch->err));
    assert_non_null(strstr(scratch->err.text, "is there already"));
    free(path);
}

static void two_heads_never_have_one_run(void **state)
{
    struct scratch *scratch = *state;
    struct folder one = { 0 }, two = { 0 };
    struct store *store = NULL;
    char process[32];
    snprintf(process, sizeof process, "(process %d)", (int)getpid());
    check(folder_create("x", scratch->folder, &one, &scratch->err));
    check(store_create(scratch->folder, &store, &scratch->err));
    store_close(store);
    assert_false(folder_open(scratch->folder, &two, &scratch->err));
    assert_non_null(strstr(scratch->err.text, "another leti is running it"));
    assert_non_null(strstr(scratch->err.text, process));
    folder_close(&one);
    check(folder_open(scratch->folder, &two, &scratch->err));
    folder_close(&two);
}

static void put_file(struct scratch *scratch, const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    check(file_write(path, "x", 1, &scratch->err));
    free(path);
}

/* With nothing but a lock, then with a database that says nothing of a run, it is begun again; with
 * a run's, or with a file that is no run's, it is not. */
static void a_folder_in_which_a_run_was_killed_before_it_began_takes_another(void **state)
{
    struct scratch *scratch = *state;
    struct folder folder = { 0 };
    struct store *store = NULL;
    put_file(scratch, scratch->folder, "lock");
    check(folder_create("x", scratch->folder, &folder, &scratch->err));
    check(store_create(scratch->folder, &store, &scratch->err));
    store_close(store);
    put_file(scratch, scratch->folder, "pipeline.lua");
    folder_close(&folder);

    check(folder_create("x", scratch->folder, &folder, &scratch->err));
    assert_false(is_there(scratch, "run.db") || is_there(scratch, "pipeline.lua"));
    check(store_create(scratch->folder, &store, &scratch->err));
    check(store_put_manifest(store, "name", "x", &scratch->err));
    check(store_commit(store, &scratch->err));
    store_close(store);
    folder_close(&folder);

    assert_false(folder_create("x", scratch->folder, &folder, &scratch->err));
    assert_non_null(strstr(scratch->err.text, "is not empty; a run that is there goes on with"));
    assert_true(is_there(scratch, "run.db"));
}

static void a_folder_with_anything_else_takes_no_run(void **state)
{
    static const char *const names[] = { "notes", "pipeline.lua" };
    struct scratch *scratch = *state;
    struct folder folder = { 0 };
    put_file(scratch, scratch->folder, "lock");
    for (size_t i = 0; i < 2; i++) {
        put_file(scratch, scratch->folder, names[i]);
        assert_false(folder_create("x", scratch->folder, &folder, &scratch->err));
        assert_non_null(strstr(scratch->err.text, ": is not empty"));
        assert_null(strstr(scratch->err.text, "--resume"));
        assert_true(is_there(scratch, names[i]));
    }
}

static void a_checkpoint_appears_whole_and_can_lose_its_optimizer(void **state)
{
    struct scratch *scratch = *state;
    struct folder folder = { 0 };
    char *tmp = NULL, name[128];
    check(folder_create("x", scratch->folder, &folder, &scratch->err));
    check(checkpoint_begin(&folder, 3, &tmp, &scratch->err));
    put_file(scratch, tmp, "half");
    free(tmp);
    assert_false(checkpoint_exists(&folder, 3));

    check(checkpoint_begin(&folder, 3, &tmp, &scratch->err));
    put_file(scratch, tmp, "model.safetensors");
    put_file(scratch, tmp, "optimizer.safetensors");
    check(checkpoint_end(&folder, 3, &scratch->err));
    free(tmp);
    assert_true(checkpoint_exists(&folder, 3));
    snprintf(name, sizeof name, "%s/checkpoints/0003/half", scratch->folder);
    assert_false(path_is_file(name));

    check(checkpoint_drop_optimizer(&folder, 3, &scratch->err));
    check(checkpoint_drop_optimizer(&folder, 4, &scratch->err));
    snprintf(name, sizeof name, "%s/checkpoints/0003/optimizer.safetensors", scratch->folder);
    assert_false(path_is_file(name));
    snprintf(name, sizeof name, "%s/checkpoints/0003/model.safetensors", scratch->folder);
    assert_true(path_is_file(name));
    folder_close(&folder);
}

static void make_checkpoint(struct scratch *scratch, const struct folder *folder,
                            uint32_t iteration)
{
    char *tmp = NULL;
    check(checkpoint_begin(folder, iteration, &tmp, &scratch->err));
    put_file(scratch, tmp, "model.safetensors");
    check(checkpoint_end(folder, iteration, &scratch->err));
    free(tmp);
}

static void old_checkpoints_are_removed_up_to_one(void **state)
{
    struct scratch *scratch = *state;
    struct folder folder = { 0 };
    char name[128];
    check(folder_create("x", scratch->folder, &folder, &scratch->err));
    for (uint32_t i = 1; i <= 5; i++)
        make_checkpoint(scratch, &folder, i);
    check(checkpoint_remove_to(&folder, 3, &scratch->err));
    for (uint32_t i = 1; i <= 5; i++)
        assert_int_equal(checkpoint_exists(&folder, i), i > 3);
    snprintf(name, sizeof name, "%s/checkpoints/0003.tmp", scratch->folder);
    assert_false(path_is_folder(name));
    check(checkpoint_remove_to(&folder, 3, &scratch->err));
    check(checkpoint_remove_to(&folder, 0, &scratch->err));
    folder_close(&folder);
}

/* Whoever wrote the file may have put anything into it. */
static void what_a_file_says_of_its_views_is_not_run(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = NULL;
    struct leti_error err = { 0 };
    check(store_create(scratch->folder, &store, &scratch->err));
    store_close(store);
    change(scratch, "DROP VIEW judged; CREATE VIEW judged AS SELECT 0 AS phase, 1 AS verdicts;"
                    "CREATE VIEW mine AS SELECT 5 AS n");
    check(store_open_read(scratch->folder, &store, &scratch->err));
    assert_int_equal(number_of(scratch, store, "SELECT count(*) FROM judged"), 0);
    assert_int_equal(number_of(scratch, store, "SELECT n FROM mine"), 5);
    store_close(store);
    change(scratch, "ALTER TABLE retry RENAME TO other; CREATE VIEW Retry AS SELECT * FROM other");
    assert_false(store_open_read(scratch->folder, &store, &err));
    assert_non_null(strstr(err.text, "damaged: what should be a table is a view"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_row_that_arrives_twice_is_stored_once),
        test(bytes_come_back_as_they_were),
        test(log_probabilities_come_back_as_they_were),
        test(a_run_of_the_first_format_goes_on),
        test(what_a_file_says_of_its_views_is_not_run),
        test(a_verdict_is_found_by_its_program),
        test(infrastructure_errors_are_forgotten_and_nothing_else),
        test(parts_add_up_their_seconds),
        test(packed_spans_come_back),
        test(damaged_spans_are_refused),
        test(a_crash_leaves_what_was_committed),
        test(a_full_disk_is_an_error_that_loses_nothing),
        test(a_run_is_read_where_nothing_can_be_written),
        test(a_finished_run_is_read_without_a_trace),
        test(a_run_that_is_written_is_read_with_its_log),
        test(refuses_what_is_no_run),
        test(refuses_somebody_elses_database),
        test(two_heads_never_have_one_run),
        test(a_folder_in_which_a_run_was_killed_before_it_began_takes_another),
        test(a_folder_with_anything_else_takes_no_run),
        test(a_checkpoint_appears_whole_and_can_lose_its_optimizer),
        test(old_checkpoints_are_removed_up_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
