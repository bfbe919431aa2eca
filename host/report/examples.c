/* examples - the few problems and training texts of a run that its report shows in full.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/examples.h"

#include <stdlib.h>

#include "store/packed.h"

enum { MOST_OF_A_KIND = 3, FAILURES_SHOWN = 2, FEEDBACK_SEARCHED = 2000 };

struct reader {
    struct store *store;
    struct arena *memory;
    struct run_data *run;
};

/* A select with up to four numbers bound. */
static bool select_for(const struct reader *r, const char *sql, const int64_t *numbers, int n,
                       struct store_rows **out, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(r->store, sql, &rows, err))
        return false;
    for (int i = 0; i < n; i++)
        if (!store_bind_number(rows, i + 1, numbers[i], err)) {
            store_rows_close(rows);
            return false;
        }
    *out = rows;
    return true;
}

/* ---- which problems ---- */

static double rate(struct tally tally)
{
    return tally.n ? (double)tally.c / tally.n : 0;
}

/* How good an example the problem is of the change; 0 for one that is none. */
static double worth(enum change change, struct tally before, struct tally after)
{
    if (!before.n || !after.n)
        return 0;
    switch (change) {
    case CHANGE_GAINED:
        return rate(after) - rate(before);
    case CHANGE_LOST:
        return rate(before) - rate(after);
    default:
        return !before.c && !after.c;
    }
}

/* The problem of most worth that is not taken; n where there is none. Of equals the first. */
static size_t best_problem(enum change change, const struct tally *before,
                           const struct tally *after, const bool *taken, size_t n)
{
    size_t best = n;
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        double worth_here = taken[i] ? 0 : worth(change, before[i], after[i]);
        if (worth_here > most) {
            best = i;
            most = worth_here;
        }
    }
    return best;
}

/* ---- samples ---- */

/* What every evaluator that refused the sample said, and the first one's reason. */
static bool read_verdicts(const struct reader *r, const int64_t key[4], struct shown_sample *out,
                          struct leti_error *err)
{
    struct store_rows *rows = NULL;
    struct text feedback = { 0 };
    enum leti_status status;
    if (!select_for(r,
                    "SELECT CASE WHEN exception = '' THEN reason ELSE exception END, feedback"
                    " FROM verdict WHERE phase = ? AND iteration = ? AND problem = ? AND"
                    " sample = ? AND outcome > 0 ORDER BY evaluator",
                    key, 4, &rows, err))
        return false;
    out->passed = true;
    while ((status = store_next(rows, err)) == LETI_OK) {
        struct leti_bytes said = store_bytes(rows, 1);
        if (out->passed && !(out->cause = keep_string(r->memory, store_text(rows, 0), err)))
            status = LETI_ERROR;
        if (status == LETI_ERROR)
            break;
        out->passed = false;
        text_append(&feedback, said.data, said.size);
    }
    store_rows_close(rows);
    bool good = status == LETI_DONE &&
                keep_bytes(r->memory, (struct leti_bytes){ text_string(&feedback), feedback.size },
                           &out->feedback, err);
    text_free(&feedback);
    return good;
}

/* The first sample that passed (or failed), or the first one where there is no such one. */
static bool read_sample(const struct reader *r, int64_t phase, int64_t iteration, int64_t problem,
                        bool passed, struct shown_sample *out, struct leti_error *err)
{
    int64_t key[4] = { phase, iteration, problem, passed };
    struct store_rows *rows = NULL;
    if (!select_for(r,
                    "SELECT s.sample, s.raw, s.program_size FROM sample AS s JOIN judged AS j"
                    " USING (phase, iteration, problem, sample) WHERE phase = ? AND"
                    " iteration = ? AND problem = ? ORDER BY (j.outcome = 0) <> ?, j.outcome,"
                    " s.sample LIMIT 1",
                    key, 4, &rows, err))
        return false;
    enum leti_status status = store_next(rows, err);
    bool good = status != LETI_ERROR;
    if (status == LETI_OK) {
        size_t size = (size_t)store_number(rows, 2);
        out->iteration = (uint32_t)iteration;
        out->sample = (uint32_t)store_number(rows, 0);
        good = keep_bytes(r->memory, store_bytes(rows, 1), &out->raw, err);
        out->program_size = size < out->raw.size ? size : out->raw.size;
        key[3] = out->sample;
    }
    store_rows_close(rows);
    return good && (status == LETI_DONE || read_verdicts(r, key, out, err));
}

static bool read_problem(const struct reader *r, int64_t phase, int64_t problem,
                         struct problem_example *out, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    int64_t key[2] = { phase, problem };
    if (!select_for(r, "SELECT id, prompt FROM problem WHERE phase = ? AND problem = ?", key, 2,
                    &rows, err))
        return false;
    enum leti_status status = store_next(rows, err);
    bool good = status == LETI_OK && (out->id = keep_string(r->memory, store_text(rows, 0), err)) &&
                keep_bytes(r->memory, store_bytes(rows, 1), &out->prompt, err);
    store_rows_close(rows);
    if (status == LETI_DONE)
        leti_error_set(err, "%s: problem %lld of test %lld is not in the database", r->run->folder,
                       (long long)problem, (long long)phase);
    return good;
}

/* ---- problems ---- */

struct comparison {
    const struct phase *phase;
    const struct outcome_point *first, *last;
    struct tally *before, *after;
    bool *taken;
};

static bool add_problem(const struct reader *r, const struct comparison *c, enum change change,
                        size_t problem, struct leti_error *err)
{
    struct run_data *run = r->run;
    struct problem_example *example = LIST_ADD(r->memory, &run->problems, &run->n_problems, err);
    if (!example)
        return false;
    int64_t phase = c->phase->phase, place = (int64_t)problem;
    c->taken[problem] = true;
    example->change = change;
    example->before.tally = c->before[problem];
    example->after.tally = c->after[problem];
    return read_problem(r, phase, place, example, err) &&
           read_sample(r, phase, c->first->iteration, place, change == CHANGE_LOST,
                       &example->before, err) &&
           read_sample(r, phase, c->last->iteration, place, change == CHANGE_GAINED,
                       &example->after, err);
}

static bool add_problems(const struct reader *r, const struct comparison *c, struct leti_error *err)
{
    const struct phase *phase = c->phase;
    size_t n = phase->n_problems;
    if (!tallies_of(r->store, phase->phase, c->first->iteration, n, c->before, err) ||
        !tallies_of(r->store, phase->phase, c->last->iteration, n, c->after, err))
        return false;
    for (enum change change = CHANGE_GAINED; change < N_CHANGES; change++)
        for (int i = 0; i < MOST_OF_A_KIND; i++) {
            size_t problem = best_problem(change, c->before, c->after, c->taken, n);
            if (problem < n && !add_problem(r, c, change, problem, err))
                return false;
        }
    return true;
}

/* The first test that was done at least twice. */
static const struct phase *compared_phase(const struct run_data *run)
{
    for (size_t i = 0; i < run->n_phases; i++)
        if (run->phases[i].phase && run->phases[i].n_points > 1)
            return &run->phases[i];
    return NULL;
}

static bool read_problems(const struct reader *r, struct leti_error *err)
{
    const struct phase *phase = compared_phase(r->run);
    if (!phase)
        return true;
    size_t n = phase->n_problems + 1;
    struct comparison c = { .phase = phase,
                            .first = &phase->points[0],
                            .last = &phase->points[phase->n_points - 1],
                            .before = calloc(n, sizeof *c.before),
                            .after = calloc(n, sizeof *c.after),
                            .taken = calloc(n, sizeof *c.taken) };
    bool good = c.before && c.after && c.taken;
    if (!good)
        leti_error_set(err, "out of memory for %zu problems", n);
    good = good && add_problems(r, &c, err);
    free(c.before);
    free(c.after);
    free(c.taken);
    return good;
}

/* ---- training texts ---- */

static bool has_feedback(struct leti_bytes packed)
{
    struct leti_span *spans = NULL;
    size_t n = 0;
    bool has = false;
    if (!packed_spans(packed, &spans, &n, NULL))
        return false;
    for (size_t i = 0; i < n; i++)
        has |= (spans[i].flags & LETI_SPAN_FEEDBACK) != 0;
    free(spans);
    return has;
}

static bool keep_text(const struct reader *r, uint32_t iteration, const char *cause,
                      struct store_rows *row, struct leti_error *err)
{
    struct text_example *text = LIST_ADD(r->memory, &r->run->texts, &r->run->n_texts, err);
    if (!text)
        return false;
    text->iteration = iteration;
    text->sample = (uint32_t)store_number(row, 1);
    return (text->id = keep_string(r->memory, store_text(row, 0), err)) &&
           (text->cause = keep_string(r->memory, cause, err)) &&
           keep_bytes(r->memory, store_bytes(row, 2), &text->packed, err);
}

static const char *const texts_sql =
    "SELECT id, sample, spans FROM example AS e WHERE iteration = ?1 AND"
    " ?2 = coalesce((SELECT CASE WHEN exception = '' THEN reason ELSE exception END FROM verdict"
    " AS v WHERE v.phase = 0 AND v.iteration = e.iteration AND v.problem = e.problem AND"
    " v.sample = e.sample AND outcome > 0 ORDER BY evaluator LIMIT 1), '')"
    " ORDER BY sample, problem LIMIT ?3";

/* The first text of a cause ("" for those that passed), with feedback or without. */
static bool add_text(const struct reader *r, uint32_t iteration, const char *cause, bool feedback,
                     struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_ERROR;
    if (!store_select(r->store, texts_sql, &rows, err))
        return false;
    if (store_bind_number(rows, 1, iteration, err) && store_bind_text(rows, 2, cause, err) &&
        store_bind_number(rows, 3, FEEDBACK_SEARCHED, err))
        while ((status = store_next(rows, err)) == LETI_OK)
            if (has_feedback(store_bytes(rows, 2)) == feedback)
                break;
    bool good =
        status != LETI_ERROR &&
        (status == LETI_DONE || keep_text(r, iteration, *cause ? cause : "passed", rows, err));
    store_rows_close(rows);
    return good;
}

static bool add_texts(const struct reader *r, const struct outcome_point *point,
                      struct leti_error *err)
{
    for (size_t i = 0; i < point->n_causes && i < FAILURES_SHOWN; i++)
        if (!add_text(r, point->iteration, point->causes[i].name, true, err))
            return false;
    size_t before = r->run->n_texts;
    if (!add_text(r, point->iteration, "", false, err) ||
        !add_text(r, point->iteration, "", true, err))
        return false;
    /* Where no failure has feedback (the reward token alone is trained on), one without it. */
    return before || !point->n_causes ||
           add_text(r, point->iteration, point->causes[0].name, false, err);
}

static bool read_texts(const struct reader *r, struct leti_error *err)
{
    const struct phase *training = phase_named(r->run, NULL);
    size_t n = training ? training->n_points : 0;
    return (n < 1 || add_texts(r, &training->points[0], err)) &&
           (n < 2 || add_texts(r, &training->points[n - 1], err));
}

bool examples_read(struct store *store, struct arena *memory, struct run_data *run,
                   struct leti_error *err)
{
    struct reader reader = { store, memory, run };
    return read_problems(&reader, err) && read_texts(&reader, err);
}
