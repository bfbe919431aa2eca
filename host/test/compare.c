/* compare - two runs' tests of the same problems, side by side.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "test/compare.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/log.h"
#include "run/differ.h"
#include "result/paired.h"
#include "result/result.h"

enum { NAME_ROOM = 120 }; /* bytes of a test's name */

struct side {
    const char *folder;
    struct store *store;
    uint32_t iteration;
    bool asked; /* for the iteration: there may be others */
};

struct comparison {
    const struct compare_config *config;
    struct side first, second;
    struct text lines;                      /* for people */
    struct text first_test, tests, against; /* JSON of the first side's tests, of what differs */
    struct text unlike;                     /* JSON list of settings that are not the same */
    struct text left_out;                   /* JSON list of why tests were not compared */
    struct leti_error why;                  /* the first of these */
};

/* ---- which iteration ---- */

/* The last iteration that all tests were done after. Before the first training one test may stand
 * for others. */
static bool find_last(struct side *side, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(side->store,
                      "SELECT max(iteration) FROM (SELECT iteration FROM part WHERE done AND part "
                      "LIKE 'test %' GROUP BY iteration HAVING iteration = 0 OR count(*) = (SELECT "
                      "count(*) FROM phase WHERE phase > 0))",
                      &rows, err))
        return false;
    bool found = store_next(rows, err) == LETI_OK && !store_is_null(rows, 0);
    if (found)
        side->iteration = (uint32_t)store_number(rows, 0);
    store_rows_close(rows);
    return found || leti_error_set(err, "%s: no test of this run is done", side->folder);
}

static bool open_side(const struct compare_side *asked, struct side *side, struct leti_error *err)
{
    *side = (struct side){ .folder = asked->folder,
                           .iteration = asked->iteration,
                           .asked = asked->asked };
    return store_open_read(asked->folder, &side->store, err) &&
           (asked->iteration != COMPARE_LAST || find_last(side, err));
}

static bool is_done(const struct side *side, const char *test, bool *done, struct leti_error *err)
{
    char part[128];
    double seconds;
    snprintf(part, sizeof part, "test %s", test);
    return store_part(side->store, side->iteration, part, done, &seconds, err);
}

/* ---- whether they can be compared ---- */

struct phase {
    uint32_t number, n_samples;
    size_t n_problems;
};

/* LETI_DONE where the run has no such test, which *err says. */
static enum leti_status find_phase(const struct side *side, const char *name, struct phase *out,
                                   struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(side->store,
                      "SELECT phase, samples, (SELECT count(*) FROM problem WHERE problem.phase = "
                      "phase.phase) FROM phase WHERE phase > 0 AND name = ?",
                      &rows, err))
        return LETI_ERROR;
    enum leti_status status =
        store_bind_text(rows, 1, name, err) ? store_next(rows, err) : LETI_ERROR;
    if (status == LETI_OK)
        *out = (struct phase){ .number = (uint32_t)store_number(rows, 0),
                               .n_samples = (uint32_t)store_number(rows, 1),
                               .n_problems = (size_t)store_number(rows, 2) };
    store_rows_close(rows);
    if (status == LETI_DONE)
        leti_error_set(err, "%s: this run has no test \"%s\"", side->folder, name);
    return status;
}

/* The test that stands for this one before the first training, when all conditions are one:
 * "held-out.uncut" for "held-out.bad.uncut". False where the name is no condition's. */
static bool untrained_name(const char *name, char out[NAME_ROOM])
{
    static const char *const conditions[] = { ".good", ".bad", ".none" };
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        const char *at = strstr(name, conditions[i]);
        const char *rest = at ? at + strlen(conditions[i]) : "";
        if (at && (!*rest || !strcmp(rest, ".uncut")))
            return snprintf(out, NAME_ROOM, "%.*s%s", (int)(at - name), name, rest) < NAME_ROOM;
    }
    return false;
}

/* Where the test's results after the side's iteration are. LETI_DONE where there are none, which
 * *err says. */
static enum leti_status find_results(const struct side *side, const char *name, struct phase *out,
                                     struct leti_error *err)
{
    char stands[NAME_ROOM];
    bool done = false;
    enum leti_status status = find_phase(side, name, out, err);
    if (status != LETI_OK || !is_done(side, name, &done, err))
        return status == LETI_OK ? LETI_ERROR : status;
    if (!done && !side->iteration && untrained_name(name, stands)) {
        status = find_phase(side, stands, out, err);
        if (status == LETI_ERROR || !is_done(side, stands, &done, err))
            return LETI_ERROR;
    }
    if (done)
        return LETI_OK;
    leti_error_set(err, "%s: the test \"%s\" was not done after iteration %u", side->folder, name,
                   side->iteration);
    return LETI_DONE;
}

/* Both values of a manifest's key, which the caller frees; where one is not there, it is "". */
static bool both_pins(const struct comparison *c, const char *of, const char *name, char *out[2],
                      struct leti_error *err)
{
    const struct side *sides[] = { &c->first, &c->second };
    char key[128];
    snprintf(key, sizeof key, "%s%s", of, name);
    out[0] = out[1] = NULL;
    for (int i = 0; i < 2; i++)
        if (!store_manifest(sides[i]->store, key, &out[i], err) ||
            (!out[i] && !(out[i] = strdup("")))) {
            free(out[0]);
            return leti_error_set(err, "%s: the manifest cannot be read", sides[i]->folder);
        }
    return true;
}

/* Whether the hash is that of the test's problems there. */
static bool check_hash(const struct side *side, const char *test, const char *hash,
                       struct leti_error *err)
{
    char key[128], *there = NULL;
    snprintf(key, sizeof key, "data of test %s", test);
    bool good = store_manifest(side->store, key, &there, err);
    if (good && (!there || strcmp(there, hash) != 0))
        good = leti_error_set(err, "%s: its test \"%s\" has other problems", side->folder, test);
    free(there);
    return good;
}

bool compare_problems(const char *folder, const char *test, const char *hash, bool *has,
                      struct leti_error *err)
{
    struct side side = { .folder = folder };
    struct phase phase;
    enum leti_status status = LETI_ERROR;
    if (store_open_read(folder, &side.store, err))
        status = find_results(&side, test, &phase, err);
    if (status == LETI_OK && !check_hash(&side, test, hash, err))
        status = LETI_ERROR;
    store_close(side.store);
    if (status != LETI_ERROR)
        *has = status == LETI_OK;
    return status != LETI_ERROR;
}

static bool check_problems(const struct comparison *c, const char *name, struct leti_error *err)
{
    char *pins[2];
    if (!both_pins(c, "data of test ", name, pins, err))
        return false;
    bool same = !strcmp(pins[0], pins[1]);
    free(pins[0]);
    free(pins[1]);
    return same || leti_error_set(err, "the test \"%s\" has other problems in %s than in %s", name,
                                  c->first.folder, c->second.folder);
}

/* Settings in which the two differ are no error, since that may be what is compared: they are
 * said. */
static void note(struct comparison *c, const char *test, struct line first, struct line second)
{
    struct text text = { 0 };
    char shown[2][LINE_SHOWN];
    line_show(first, second, shown[0]);
    line_show(second, first, shown[1]);
    text_printf(&text, "%s: %s against %s", test, *shown[0] ? shown[0] : "nothing",
                *shown[1] ? shown[1] : "nothing");
    text_printf(&c->lines, "  not alike: %s\n", text_string(&text));
    text_add(&c->unlike, c->unlike.size ? ", " : "");
    json_text_string(&c->unlike, text_string(&text));
    text_free(&text);
}

static void note_lines(struct comparison *c, const char *test, const char *first,
                       const char *second)
{
    while (line_differing(&first, &second))
        note(c, test, line_first(first, &first), line_first(second, &second));
}

static bool note_settings(struct comparison *c, const char *name, struct leti_error *err)
{
    char *pins[2];
    if (!both_pins(c, "setting of test ", name, pins, err))
        return false;
    note_lines(c, name, pins[0], pins[1]);
    free(pins[0]);
    free(pins[1]);
    return true;
}

static bool note_seeds(struct comparison *c, struct leti_error *err)
{
    char *pins[2];
    if (!both_pins(c, "seed", "", pins, err))
        return false;
    note_lines(c, "seed", pins[0], pins[1]);
    free(pins[0]);
    free(pins[1]);
    return true;
}

/* ---- one test ---- */

static void add_paired_json(struct text *out, const char *name, const struct paired *p)
{
    text_add(out, out->size ? ", " : "");
    json_text_string(out, name);
    text_printf(out, ": {\"n_problems\": %zu, \"pass@1\": ", p->n_problems);
    json_number(out, p->first);
    text_add(out, ", \"against_pass@1\": ");
    json_number(out, p->second);
    text_add(out, ", \"difference\": ");
    json_number(out, p->difference);
    text_add(out, ", \"interval\": ");
    interval_json(&p->interval, out);
    text_add(out, ", \"p_value\": ");
    json_number(out, p->p_value);
    text_printf(out, ", \"p_method\": \"%s\"}", p->exact ? "sign flips, all" : "sign flips, drawn");
}

static void add_line(struct text *out, const char *name, const struct paired *p)
{
    text_printf(out,
                "%-16s pass@1 %.1f %% against %.1f %%   difference %+.1f [%+.1f, %+.1f]   p = %.2g"
                "   %zu problems\n",
                name, 100 * p->first, 100 * p->second, 100 * p->difference, 100 * p->interval.low,
                100 * p->interval.high, p->p_value, p->n_problems);
}

/* Of the first side, as a run tells of it: before any training, or after some. */
static bool add_result(struct comparison *c, const char *name, const struct phase *phase,
                       struct leti_error *err)
{
    struct result result;
    struct text text = { 0 };
    bool trained = c->first.iteration;
    if (!result_of(c->first.store, phase->number, c->first.iteration, phase->n_problems,
                   phase->n_samples, &result, err))
        return false;
    text_add(&text, trained ? "{\"before\": null, \"after\": " : "{\"before\": ");
    result_json(&result, &text);
    text_add(&text, trained ? "}" : ", \"after\": null}");
    if (!c->tests.size)
        text_add(&c->first_test, text_string(&text));
    text_add(&c->tests, c->tests.size ? ", " : "");
    json_text_string(&c->tests, name);
    text_printf(&c->tests, ": %s", text_string(&text));
    text_free(&text);
    return true;
}

static bool pair(struct comparison *c, const char *name, const struct phase *phases,
                 struct leti_error *err)
{
    size_t n = phases[0].n_problems;
    struct tally *tallies = calloc(2 * n + 1, sizeof *tallies);
    struct paired paired;
    if (!tallies)
        return leti_error_set(err, "out of memory for %zu problems", n);
    bool good =
        tallies_of(c->first.store, phases[0].number, c->first.iteration, n, tallies, err) &&
        tallies_of(c->second.store, phases[1].number, c->second.iteration, n, tallies + n, err) &&
        paired_compare(tallies, tallies + n, n, &paired, err);
    free(tallies);
    if (!good)
        return false;
    add_line(&c->lines, name, &paired);
    add_paired_json(&c->against, name, &paired);
    return true;
}

static void leave_out(struct comparison *c, const char *why)
{
    if (!*c->why.text)
        leti_error_set(&c->why, "%s", why);
    text_printf(&c->lines, "  left out: %s\n", why);
    text_add(&c->left_out, c->left_out.size ? ", " : "");
    json_text_string(&c->left_out, why);
}

static bool compare_test(struct comparison *c, const char *name, struct leti_error *err)
{
    struct phase phases[2];
    enum leti_status status = find_results(&c->first, name, &phases[0], err);
    if (status == LETI_OK)
        status = find_results(&c->second, name, &phases[1], err);
    if (status == LETI_DONE)
        leave_out(c, err->text);
    if (status != LETI_OK)
        return status == LETI_DONE;
    return check_problems(c, name, err) && pair(c, name, phases, err) &&
           add_result(c, name, &phases[0], err) && note_settings(c, name, err);
}

/* ---- the whole ---- */

/* Calls `with` for each of a side's tests. */
static bool for_tests(struct comparison *c, const struct side *side,
                      bool (*with)(struct comparison *, const char *name, struct leti_error *),
                      struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    if (!store_select(side->store, "SELECT name FROM phase WHERE phase > 0 ORDER BY phase", &rows,
                      err))
        return false;
    while ((status = store_next(rows, err)) == LETI_OK)
        if (!with(c, store_text(rows, 0), err)) {
            status = LETI_ERROR;
            break;
        }
    store_rows_close(rows);
    return status == LETI_DONE;
}

/* Of the second side: a test that the first one has not. */
static bool leave_out_unknown(struct comparison *c, const char *name, struct leti_error *err)
{
    struct phase phase;
    enum leti_status status = find_phase(&c->first, name, &phase, err);
    if (status == LETI_DONE)
        leave_out(c, err->text);
    return status != LETI_ERROR;
}

static bool compare_all(struct comparison *c, struct leti_error *err)
{
    if (!for_tests(c, &c->first, compare_test, err) ||
        !for_tests(c, &c->second, leave_out_unknown, err))
        return false;
    if (!c->tests.size)
        return leti_error_set(err, "%s", *c->why.text ? c->why.text : "there is no test");
    return note_seeds(c, err);
}

static void print_json(const struct comparison *c, double seconds)
{
    struct text out = { 0 };
    text_add(&out, "{\"run\": ");
    json_text_string(&out, c->first.folder);
    text_printf(&out, ", \"iterations\": %u, \"seconds\": %.3f, \"test\": %s, \"tests\": {%s}",
                c->first.iteration, seconds, text_string(&c->first_test), text_string(&c->tests));
    text_add(&out, ", \"against\": {\"run\": ");
    json_text_string(&out, c->second.folder);
    text_printf(&out,
                ", \"iteration\": %u, \"tests\": {%s}, \"not_alike\": [%s], "
                "\"left_out\": [%s]}}",
                c->second.iteration, text_string(&c->against), text_string(&c->unlike),
                text_string(&c->left_out));
    printf("%s\n", text_string(&out));
    text_free(&out);
}

static void add_side(struct text *out, const struct side *side)
{
    text_add(out, side->folder);
    if (side->iteration || side->asked)
        text_printf(out, "@%u", side->iteration);
}

static void print_lines(const struct comparison *c)
{
    struct text line = { 0 };
    add_side(&line, &c->first);
    text_add(&line, " against ");
    add_side(&line, &c->second);
    printf("%s\n%s", text_string(&line), text_string(&c->lines));
    text_free(&line);
}

bool compare_tests(const struct compare_config *config, struct leti_error *err)
{
    struct comparison c = { .config = config };
    double seconds = 0;
    bool good = open_side(&config->first, &c.first, err) &&
                open_side(&config->second, &c.second, err) && compare_all(&c, err) &&
                store_total_seconds(c.first.store, &seconds, err);
    log_progress(NULL);
    if (good && config->json)
        print_json(&c, seconds);
    else if (good && !config->quiet)
        print_lines(&c);
    store_close(c.first.store);
    store_close(c.second.store);
    text_free(&c.lines);
    text_free(&c.first_test);
    text_free(&c.tests);
    text_free(&c.against);
    text_free(&c.unlike);
    text_free(&c.left_out);
    return good;
}
