/* show - what a run holds.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/show.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "run/result.h"
#include "store/store.h"

/* ---- results ---- */

/* One part that sampled, (phase, iteration), as the results are listed. */
struct listed {
    uint32_t phase, iteration, n_samples;
    size_t n_problems;
    const char *name; /* of the phase */
};

/* Prints "NameError 12 %, ...", the five most frequent failures. */
static bool add_reasons(struct store *store, const struct listed *part, uint64_t sampled,
                        struct text *out, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_ERROR;
    if (!store_select(store,
                      "SELECT CASE WHEN exception = '' THEN reason ELSE exception END AS why,"
                      " count(*) AS n FROM verdict WHERE phase = ? AND iteration = ? AND"
                      " outcome > 0 GROUP BY why ORDER BY n DESC, why LIMIT 5",
                      &rows, err))
        return false;
    if (store_bind_number(rows, 1, part->phase, err) &&
        store_bind_number(rows, 2, part->iteration, err))
        while ((status = store_next(rows, err)) == LETI_OK)
            text_printf(out, "   %s %.0f %%", store_text(rows, 0),
                        100.0 * (double)store_number(rows, 1) / (double)(sampled ? sampled : 1));
    store_rows_close(rows);
    return status == LETI_DONE;
}

static bool text_of_part(struct store *store, const struct listed *part, struct text *out,
                         struct leti_error *err)
{
    struct result result;
    struct counts counts = { 0 };
    if (!result_of(store, part->phase, part->iteration, part->n_problems, part->n_samples, &result,
                   err) ||
        !counts_of(store, part->phase, part->iteration, &counts, err))
        return false;
    text_printf(out, "%-12s %3u   %6" PRIu64 " samples   pass@1 %5.1f %% [%.1f, %.1f]",
                part->phase ? part->name : "training", part->iteration, counts.sampled,
                100 * result.pass[0], 100 * result.interval.low, 100 * result.interval.high);
    if (!add_reasons(store, part, counts.sampled, out, err))
        return false;
    text_add_char(out, '\n');
    return true;
}

static bool json_of_part(struct store *store, const struct listed *part, struct text *out,
                         struct leti_error *err)
{
    struct result result;
    struct counts counts = { 0 };
    if (!result_of(store, part->phase, part->iteration, part->n_problems, part->n_samples, &result,
                   err) ||
        !counts_of(store, part->phase, part->iteration, &counts, err))
        return false;
    text_add(out, part->phase ? "{\"test\": " : "{\"training\": ");
    json_text_string(out, part->name);
    text_printf(out,
                ", \"iteration\": %u, \"sampled\": %" PRIu64 ", \"passed\": %" PRIu64
                ", \"reused\": %" PRIu64 ", \"result\": ",
                part->iteration, counts.sampled, counts.passed, counts.reused);
    result_json(&result, out);
    text_add(out, ", \"reasons\": ");
    bool good = reasons_json(store, part->phase, part->iteration, out, err);
    text_add(out, "}\n");
    return good;
}

static bool print_parts(struct store *store, bool json, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    if (!store_select(store,
                      "SELECT phase, iteration, name, samples,"
                      " (SELECT count(*) FROM problem WHERE problem.phase = found.phase)"
                      " FROM (SELECT DISTINCT phase, iteration FROM sample) AS found"
                      " JOIN phase USING (phase) ORDER BY iteration, phase <> 0, phase",
                      &rows, err))
        return false;
    struct text out = { 0 };
    while ((status = store_next(rows, err)) == LETI_OK) {
        struct listed part = { .phase = (uint32_t)store_number(rows, 0),
                               .iteration = (uint32_t)store_number(rows, 1),
                               .name = store_text(rows, 2),
                               .n_samples = (uint32_t)store_number(rows, 3),
                               .n_problems = (size_t)store_number(rows, 4) };
        if (!(json ? json_of_part : text_of_part)(store, &part, &out, err)) {
            status = LETI_ERROR;
            break;
        }
    }
    store_rows_close(rows);
    if (status == LETI_DONE)
        fputs(text_string(&out), stdout);
    text_free(&out);
    return status == LETI_DONE;
}

bool show_run(const struct show_config *config, struct leti_error *err)
{
    struct store *store = NULL;
    if (!store_open_read(config->folder, &store, err))
        return false;
    bool shown = print_parts(store, config->json, err);
    store_close(store);
    return shown;
}

/* ---- samples ---- */

/* The phase that is meant: the test of that name, or the first one that has the problem. */
static bool find_phase(struct store *store, const struct show_config *config, int64_t *phase,
                       struct leti_error *err)
{
    const char *asked = config->test ? config->test : config->problem;
    struct store_rows *rows = NULL;
    *phase = 0;
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
    if (status == LETI_DONE)
        leti_error_set(err, "%s: no %s \"%s\" in this run", config->folder,
                       config->test ? "test" : "problem", asked);
    store_rows_close(rows);
    return status == LETI_OK;
}

enum {
    ID,
    ITERATION,
    SAMPLE,
    RAW,
    PROGRAM_SIZE,
    PROMPT,
    EVALUATOR,
    OUTCOME,
    REASON,
    EXCEPTION,
    FEEDBACK,
    SECONDS,
    REUSED,
    TOKENS,
    FINISH,
    LOGPROBS,
};

/* One row a sample and evaluator. */
static const char *const samples_sql =
    "SELECT p.id, s.iteration, s.sample, s.raw, s.program_size, p.prompt, e.name, v.outcome,"
    " v.reason, v.exception, v.feedback, v.seconds, v.reused, s.tokens, s.finish, s.logprobs"
    " FROM problem AS p JOIN sample AS s USING (phase, problem)"
    " LEFT JOIN verdict AS v USING (phase, iteration, problem, sample)"
    " LEFT JOIN evaluator AS e USING (evaluator)"
    " WHERE p.phase = ?1 AND (?2 = '' OR p.id = ?2) AND (?3 < 0 OR s.iteration = ?3)"
    " AND (?4 = 0 OR v.outcome = 1) AND (?5 = '' OR v.reason = ?5 OR v.exception = ?5)"
    " ORDER BY s.problem, s.iteration, s.sample, v.evaluator";

static const char *outcome_name(const struct store_rows *row)
{
    static const char *const names[] = { "passed", "failed", "infra" };
    int64_t outcome = store_number(row, OUTCOME);
    return store_is_null(row, OUTCOME) || outcome < 0 || outcome > LETI_INFRA ? "not judged"
                                                                              : names[outcome];
}

static size_t program_size(const struct store_rows *row)
{
    size_t size = (size_t)store_number(row, PROGRAM_SIZE), raw = store_bytes(row, RAW).size;
    return size < raw ? size : raw;
}

static const char *finish_name(const struct store_rows *row)
{
    static const char *const names[] = { "eos", "stop", "length" };
    int64_t finish = store_number(row, FINISH);
    return finish < 0 || finish > LETI_FINISH_LENGTH ? "unknown" : names[finish];
}

static double mean_of(const float *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)values[i];
    return n ? sum / (double)n : 0.0;
}

/* As the generator gave them; null where it gave none. */
static void add_logprobs_json(struct text *out, struct store_rows *row)
{
    size_t n = (size_t)store_number(row, TOKENS);
    const float *logprobs = store_floats(row, LOGPROBS, n);
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

static void add_json(struct text *out, struct store_rows *row)
{
    struct leti_bytes raw = store_bytes(row, RAW), feedback = store_bytes(row, FEEDBACK);
    text_add(out, "{\"problem\": ");
    json_text_string(out, store_text(row, ID));
    text_printf(out, ", \"iteration\": %" PRId64 ", \"sample\": %" PRId64 ", \"program\": ",
                store_number(row, ITERATION), store_number(row, SAMPLE));
    json_text(out, raw.data, program_size(row));
    text_add(out, ", \"raw\": ");
    json_text(out, raw.data, raw.size);
    text_add(out, ", \"evaluator\": ");
    json_text_string(out, store_is_null(row, EVALUATOR) ? NULL : store_text(row, EVALUATOR));
    text_add(out, ", \"outcome\": ");
    json_text_string(out, store_is_null(row, OUTCOME) ? NULL : outcome_name(row));
    text_add(out, ", \"reason\": ");
    json_text_string(out, store_text(row, REASON));
    text_add(out, ", \"exception\": ");
    json_text_string(out, *store_text(row, EXCEPTION) ? store_text(row, EXCEPTION) : NULL);
    text_add(out, ", \"feedback\": ");
    json_text(out, feedback.data, feedback.size);
    text_add(out, ", \"seconds\": ");
    json_number(out, store_real(row, SECONDS));
    text_printf(out, ", \"reused\": %s, \"tokens\": %" PRId64 ", \"finish\": \"%s\"",
                store_number(row, REUSED) ? "true" : "false", store_number(row, TOKENS),
                finish_name(row));
    add_logprobs_json(out, row);
    text_add(out, "}\n");
}

/* The bytes, with nothing among them that a terminal would obey, and a line feed where there is
 * none. */
static void add_lines(struct text *out, struct leti_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        text_add_char(out, (c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : (char)c);
    }
    if (bytes.size && bytes.data[bytes.size - 1] != '\n')
        text_add_char(out, '\n');
}

/* How long it was, and how likely the model held what it wrote. */
static void add_likelihood(struct text *out, struct store_rows *row)
{
    size_t n = (size_t)store_number(row, TOKENS);
    const float *logprobs = store_floats(row, LOGPROBS, n);
    double mean = logprobs ? mean_of(logprobs, n) : 0.0;
    if (n)
        text_printf(out, " (%zu tokens, ended by %s", n, finish_name(row));
    if (n && logprobs)
        text_printf(out, ", mean log-probability %.3f, perplexity %.3g", mean, exp(-mean));
    if (n)
        text_add_char(out, ')');
}

static void add_text(struct text *out, struct store_rows *row, bool new_problem)
{
    struct leti_bytes raw = store_bytes(row, RAW);
    const char *exception = store_text(row, EXCEPTION);
    if (new_problem) {
        text_printf(out, "== problem %s\n", store_text(row, ID));
        add_lines(out, store_bytes(row, PROMPT));
    }
    text_printf(
        out, "-- iteration %" PRId64 ", sample %" PRId64 ": %s%s%s", store_number(row, ITERATION),
        store_number(row, SAMPLE), outcome_name(row), store_number(row, OUTCOME) ? ", " : "",
        store_number(row, OUTCOME) ? (*exception ? exception : store_text(row, REASON)) : "");
    add_likelihood(out, row);
    text_add_char(out, '\n');
    struct leti_bytes program = { raw.data, program_size(row) };
    if (program.size && program.data[0] == '\n')
        program = (struct leti_bytes){ program.data + 1, program.size - 1 };
    add_lines(out, program);
    if (raw.size > program_size(row) &&
        strspn(raw.data + program_size(row), " \t\r\n") < raw.size - program_size(row))
        text_printf(out, "(and %zu bytes that were cut off)\n", raw.size - program_size(row));
    add_lines(out, store_bytes(row, FEEDBACK));
}

static bool print_samples(struct store_rows *rows, const struct show_config *config,
                          struct leti_error *err)
{
    struct text out = { 0 }, id = { 0 };
    enum leti_status status = LETI_DONE;
    int64_t n = 0;
    for (; n < config->limit && (status = store_next(rows, err)) == LETI_OK; n++) {
        bool new_problem = !n || strcmp(text_string(&id), store_text(rows, ID)) != 0;
        text_clear(&out);
        if (config->json)
            add_json(&out, rows);
        else
            add_text(&out, rows, new_problem);
        text_clear(&id);
        text_add(&id, store_text(rows, ID));
        fwrite(text_string(&out), 1, out.size, stdout);
    }
    text_free(&out);
    text_free(&id);
    if (!n && config->limit && status == LETI_DONE)
        return leti_error_set(err, "%s: no sample fits", config->folder);
    return status != LETI_ERROR;
}

bool show_samples(const struct show_config *config, struct leti_error *err)
{
    struct store *store = NULL;
    struct store_rows *rows = NULL;
    int64_t phase = 0;
    if (!store_open_read(config->folder, &store, err))
        return false;
    bool shown = find_phase(store, config, &phase, err) &&
                 store_select(store, samples_sql, &rows, err) &&
                 store_bind_number(rows, 1, phase, err) &&
                 store_bind_text(rows, 2, config->problem ? config->problem : "", err) &&
                 store_bind_number(rows, 3, config->iteration, err) &&
                 store_bind_number(rows, 4, config->failed, err) &&
                 store_bind_text(rows, 5, config->reason ? config->reason : "", err) &&
                 print_samples(rows, config, err);
    store_rows_close(rows);
    store_close(store);
    return shown;
}
