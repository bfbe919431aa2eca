/* show_rows - what the parts of show share: the phase that is meant, samples row by row.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "show/show_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/plain.h"
#include "result/names.h"

/* ---- which ---- */

/* Says which tests there are. */
static bool refuse_test(struct store *store, const struct show_config *config,
                        struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(store, "SELECT group_concat(name, ', ') FROM phase WHERE phase > 0", &rows,
                      err))
        return false;
    if (store_next(rows, err) == LETI_OK) {
        const char *names = store_text(rows, 0);
        leti_error_set(err, "%s: no test \"%s\" in this run, which has %s", config->folder,
                       config->test, *names ? names : "none");
    }
    store_rows_close(rows);
    return false;
}

bool show_phase(struct store *store, const struct show_config *config, int64_t *phase,
                struct leti_error *err)
{
    const char *asked = config->test ? config->test : config->problem;
    struct store_rows *rows = NULL;
    *phase = STORE_TRAINING;
    if (!asked)
        return true;
    if (!store_select(store,
                      config->test ? "SELECT phase FROM phase WHERE name = ? AND phase > 0"
                                   : "SELECT min(phase) FROM problem WHERE id = ? HAVING "
                                     "count(*) > 0",
                      &rows, err))
        return false;
    enum leti_status status = LETI_ERROR;
    if (store_bind_text(rows, 1, asked, err))
        status = store_next(rows, err);
    if (status == LETI_OK)
        *phase = store_number(rows, 0);
    store_rows_close(rows);
    if (status == LETI_DONE && config->test)
        return refuse_test(store, config, err);
    if (status == LETI_DONE)
        leti_error_set(err, "%s: no problem \"%s\" in this run", config->folder, asked);
    return status == LETI_OK;
}

#define OF_SAMPLE                                                                                  \
    " w.phase = s.phase AND w.iteration = s.iteration AND w.problem = s.problem AND w.sample ="    \
    " s.sample"

/* In the order of enum show_column. */
static const char samples_sql[] =
    "SELECT p.id, s.iteration, s.sample, s.raw, s.program_size, p.prompt, e.name, v.outcome,"
    " v.reason, v.exception, v.feedback, v.seconds, v.reused, s.tokens, s.finish, s.logprobs,"
    " (SELECT coalesce(max(w.outcome), 3) FROM verdict AS w WHERE" OF_SAMPLE ") AS worst,"
    " (SELECT count(*) FROM verdict AS w WHERE" OF_SAMPLE "),"
    " p.tests, CASE WHEN s.phase = 0 THEN x.spans END"
    " FROM problem AS p JOIN sample AS s USING (phase, problem)"
    " LEFT JOIN verdict AS v USING (phase, iteration, problem, sample)"
    " LEFT JOIN evaluator AS e USING (evaluator)"
    " LEFT JOIN example AS x ON x.iteration = s.iteration AND x.problem = s.problem"
    " AND x.sample = s.sample"
    " WHERE p.phase = ?1 AND (?2 = '' OR p.id = ?2) AND (?3 < 0 OR s.iteration = ?3)"
    " AND (?4 < 0 OR worst = ?4) AND (?5 = '' OR EXISTS (SELECT 1 FROM verdict AS w WHERE" OF_SAMPLE
    " AND (w.reason = ?5 OR w.exception = ?5)))"
    " AND (?6 < 0 OR s.sample = ?6)"
    " ORDER BY s.problem, s.iteration, s.sample, v.evaluator";
_Static_assert(SHOW_UNJUDGED == 3, "the number in samples_sql");

bool show_select(struct store *store, const struct show_config *config, int64_t phase,
                 const struct show_place *only, struct store_rows **out, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    int64_t iteration = only ? only->iteration : config->iteration;
    if (!store_select(store, samples_sql, &rows, err))
        return false;
    if (store_bind_number(rows, 1, phase, err) &&
        store_bind_text(rows, 2, config->problem ? config->problem : "", err) &&
        store_bind_number(rows, 3, iteration, err) &&
        store_bind_number(rows, 4, only ? SHOW_ANY : config->outcome, err) &&
        store_bind_text(rows, 5, !only && config->reason ? config->reason : "", err) &&
        store_bind_number(rows, 6, only ? only->sample : SHOW_ANY, err)) {
        *out = rows;
        return true;
    }
    store_rows_close(rows);
    return false;
}

/* ---- one ---- */

/* The last iteration that has the sample; SHOW_ANY where none has. */
static bool last_iteration(struct store *store, const char *problem, int64_t phase, int64_t sample,
                           int64_t *out, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(store,
                      "SELECT coalesce(max(iteration), -1) FROM sample JOIN problem"
                      " USING (phase, problem) WHERE phase = ? AND id = ? AND sample = ?",
                      &rows, err))
        return false;
    bool good = store_bind_number(rows, 1, phase, err) && store_bind_text(rows, 2, problem, err) &&
                store_bind_number(rows, 3, sample, err) && store_next(rows, err) == LETI_OK;
    if (good)
        *out = store_number(rows, 0);
    store_rows_close(rows);
    return good;
}

static bool refuse_place(const struct show_config *config, const struct show_place *place,
                         struct leti_error *err)
{
    if (place->iteration == SHOW_ANY)
        return leti_error_set(err, "%s: problem %s has no sample %" PRId64, config->folder,
                              config->problem, place->sample);
    return leti_error_set(err, "%s: problem %s has no sample %" PRId64 " in iteration %" PRId64,
                          config->folder, config->problem, place->sample, place->iteration);
}

bool show_find(struct store *store, const struct show_config *config, int64_t phase,
               const struct show_place *place, struct store_rows **out, struct leti_error *err)
{
    struct show_place found = *place;
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_DONE;
    if (found.iteration == SHOW_ANY &&
        !last_iteration(store, config->problem, phase, found.sample, &found.iteration, err))
        return false;
    if (found.iteration != SHOW_ANY) {
        if (!show_select(store, config, phase, &found, &rows, err))
            return false;
        status = store_next(rows, err);
    }
    if (status == LETI_OK) {
        *out = rows;
        return true;
    }
    store_rows_close(rows);
    return status == LETI_DONE ? refuse_place(config, place, err) : false;
}

/* ---- what a row says ---- */

static size_t program_size(const struct store_rows *row)
{
    size_t size = (size_t)store_number(row, SHOW_PROGRAM_SIZE);
    size_t raw = store_bytes(row, SHOW_RAW).size;
    return size < raw ? size : raw;
}

struct leti_bytes show_program(const struct store_rows *row)
{
    struct leti_bytes program = { store_bytes(row, SHOW_RAW).data, program_size(row) };
    if (program.size && program.data[0] == '\n')
        program = (struct leti_bytes){ program.data + 1, program.size - 1 };
    return program;
}

struct leti_bytes show_cut_off(const struct store_rows *row)
{
    struct leti_bytes raw = store_bytes(row, SHOW_RAW);
    size_t size = program_size(row), blank = strspn(raw.data + size, " \t\r\n");
    if (blank >= raw.size - size)
        return (struct leti_bytes){ "", 0 };
    return (struct leti_bytes){ raw.data + size, raw.size - size };
}

static const char *why(const struct store_rows *row)
{
    const char *exception = store_text(row, SHOW_EXCEPTION);
    return *exception ? exception : store_text(row, SHOW_REASON);
}

static double mean_of(const float *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)values[i];
    return n ? sum / (double)n : 0.0;
}

/* ---- for a terminal ---- */

void show_lines(struct text *out, struct leti_bytes bytes)
{
    plain_text(out, bytes);
    if (bytes.size && bytes.data[bytes.size - 1] != '\n')
        text_add_char(out, '\n');
}

void show_problem_of(const struct screen *screen, struct text *out, const struct store_rows *row)
{
    screen_paint(screen, out, PAINT_BOLD);
    text_add(out, "== problem ");
    plain_line(out, store_text(row, SHOW_ID));
    screen_paint(screen, out, PAINT_NONE);
    text_add_char(out, '\n');
    show_lines(out, store_bytes(row, SHOW_PROMPT));
}

static void add_outcome(const struct screen *screen, struct text *out, int64_t outcome)
{
    screen_paint(screen, out, outcome == LETI_PASSED ? PAINT_GREEN : PAINT_RED);
    text_add(out, outcome_name(outcome));
    screen_paint(screen, out, PAINT_NONE);
}

/* How long it was, and how likely the model held what it wrote. */
static void add_likelihood(struct text *out, struct store_rows *row)
{
    size_t n = (size_t)store_number(row, SHOW_TOKENS);
    const float *logprobs = store_floats(row, SHOW_LOGPROBS, n);
    double mean = logprobs ? mean_of(logprobs, n) : 0.0;
    if (n)
        text_printf(out, " (%zu tokens, ended by %s", n,
                    finish_name(store_number(row, SHOW_FINISH)));
    if (n && logprobs)
        text_printf(out, ", mean log-probability %.3f, perplexity %.3g", mean, exp(-mean));
    if (n)
        text_add_char(out, ')');
}

static void add_why(struct text *out, const struct store_rows *row)
{
    if (!store_number(row, SHOW_OUTCOME))
        return;
    text_add(out, ", ");
    plain_line(out, why(row));
}

void show_headline(const struct screen *screen, struct text *out, struct store_rows *row)
{
    text_printf(out, "iteration %" PRId64 ", sample %" PRId64 ": ",
                store_number(row, SHOW_ITERATION), store_number(row, SHOW_SAMPLE));
    add_outcome(screen, out, store_number(row, SHOW_WORST));
    if (store_number(row, SHOW_VERDICTS) == 1)
        add_why(out, row);
    add_likelihood(out, row);
}

void show_verdict(const struct screen *screen, struct text *out, const struct store_rows *row,
                  bool named)
{
    if (store_is_null(row, SHOW_OUTCOME))
        return;
    if (named || store_number(row, SHOW_VERDICTS) > 1) {
        text_add(out, "-- ");
        plain_line(out, store_text(row, SHOW_EVALUATOR));
        text_add(out, ": ");
        add_outcome(screen, out, store_number(row, SHOW_OUTCOME));
        add_why(out, row);
        text_printf(out, ", %.3f s%s\n", store_real(row, SHOW_SECONDS),
                    store_number(row, SHOW_REUSED) ? ", as an identical program before" : "");
    }
    show_lines(out, store_bytes(row, SHOW_FEEDBACK));
}

/* ---- for programs ---- */

/* As the generator gave them; null where it gave none. */
static void add_logprobs_json(struct text *out, struct store_rows *row)
{
    size_t n = (size_t)store_number(row, SHOW_TOKENS);
    const float *logprobs = store_floats(row, SHOW_LOGPROBS, n);
    text_add(out, ", \"mean_logprob\": ");
    if (!logprobs) {
        text_add(out, "null, \"logprobs\": null");
        return;
    }
    json_number(out, mean_of(logprobs, n));
    text_add(out, ", \"logprobs\": [");
    for (size_t i = 0; i < n; i++)
        text_printf(out, "%s%.9g", i ? ", " : "", (double)logprobs[i]);
    text_add_char(out, ']');
}

static void add_verdict_json(struct text *out, const struct store_rows *row)
{
    struct leti_bytes feedback = store_bytes(row, SHOW_FEEDBACK);
    const char *exception = store_text(row, SHOW_EXCEPTION);
    bool judged = !store_is_null(row, SHOW_OUTCOME);
    text_add(out, ", \"evaluator\": ");
    json_text_string(out, judged ? store_text(row, SHOW_EVALUATOR) : NULL);
    text_add(out, ", \"outcome\": ");
    json_text_string(out, judged ? outcome_name(store_number(row, SHOW_OUTCOME)) : NULL);
    text_add(out, ", \"reason\": ");
    json_text_string(out, store_text(row, SHOW_REASON));
    text_add(out, ", \"exception\": ");
    json_text_string(out, *exception ? exception : NULL);
    text_add(out, ", \"feedback\": ");
    json_text(out, feedback.data, feedback.size);
    text_add(out, ", \"seconds\": ");
    json_number(out, store_real(row, SHOW_SECONDS));
    text_printf(out, ", \"reused\": %s", store_number(row, SHOW_REUSED) ? "true" : "false");
}

void show_row_json(struct text *out, struct store_rows *row)
{
    struct leti_bytes raw = store_bytes(row, SHOW_RAW);
    text_add(out, "{\"problem\": ");
    json_text_string(out, store_text(row, SHOW_ID));
    text_printf(out, ", \"iteration\": %" PRId64 ", \"sample\": %" PRId64 ", \"program\": ",
                store_number(row, SHOW_ITERATION), store_number(row, SHOW_SAMPLE));
    json_text(out, raw.data, program_size(row));
    text_add(out, ", \"raw\": ");
    json_text(out, raw.data, raw.size);
    add_verdict_json(out, row);
    text_printf(out, ", \"tokens\": %" PRId64 ", \"finish\": \"%s\"",
                store_number(row, SHOW_TOKENS), finish_name(store_number(row, SHOW_FINISH)));
    add_logprobs_json(out, row);
}

/* ---- out ---- */

bool show_print(const struct screen *screen, struct text *text, struct leti_error *err)
{
    size_t size = text->size;
    char *bytes = text_take(text, err);
    if (!bytes)
        return false;
    fwrite(bytes, 1, size, screen->out); /* whether it went out, main asks at the end */
    free(bytes);
    return true;
}
