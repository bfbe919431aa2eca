/* result - what the store's rows come to.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "result/result.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/json_text.h"

const uint32_t result_ks[RESULT_KS] = { 1, 10, 100 };

/* A select whose parameters are the phase and the iteration. */
static bool select_part(struct store *store, const char *sql, uint32_t phase, uint32_t iteration,
                        struct store_rows **out, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(store, sql, &rows, err))
        return false;
    if (!store_bind_number(rows, 1, phase, err) || !store_bind_number(rows, 2, iteration, err)) {
        store_rows_close(rows);
        return false;
    }
    *out = rows;
    return true;
}

bool tallies_of(struct store *store, uint32_t phase, uint32_t iteration, size_t n,
                struct tally *tallies, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    if (!select_part(store,
                     "SELECT problem, count(*), sum(outcome = 0) FROM judged WHERE phase = ? AND "
                     "iteration = ? AND outcome < 2 GROUP BY problem",
                     phase, iteration, &rows, err))
        return false;
    while ((status = store_next(rows, err)) == LETI_OK) {
        uint64_t problem = (uint64_t)store_number(rows, 0);
        if (problem < n)
            tallies[problem] =
                (struct tally){ (uint32_t)store_number(rows, 1), (uint32_t)store_number(rows, 2) };
    }
    store_rows_close(rows);
    return status == LETI_DONE;
}

static void summarize(const struct tally *tallies, struct result *result)
{
    size_t solved = 0, judged = 0;
    for (int i = 0; i < RESULT_KS; i++) {
        size_t *used = &result->counted[i];
        result->pass[i] = mean_pass_at_k(tallies, result->n_problems, result_ks[i], used);
        result->has_pass[i] = *used > 0 && result_ks[i] <= result->n_samples;
    }
    for (size_t i = 0; i < result->n_problems; i++) {
        solved += tallies[i].c > 0;
        judged += tallies[i].n > 0;
    }
    result->solve_rate = judged ? (double)solved / (double)judged : 0;
}

/* A sample fails by the first of its evaluators that says so. */
static bool failures_of(struct store *store, uint32_t phase, uint32_t iteration, uint64_t judged,
                        struct result *result, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    if (!select_part(store,
                     "SELECT why, count(*) AS n FROM"
                     " (SELECT CASE WHEN exception = '' THEN reason ELSE exception END AS why,"
                     "  min(evaluator) FROM verdict AS v WHERE phase = ? AND iteration = ?"
                     "  AND outcome = 1 AND NOT EXISTS (SELECT 1 FROM verdict AS infra WHERE"
                     "   infra.phase = v.phase AND infra.iteration = v.iteration AND"
                     "   infra.problem = v.problem AND infra.sample = v.sample AND"
                     "   infra.outcome = 2) GROUP BY problem, sample)"
                     " GROUP BY why ORDER BY n DESC, why",
                     phase, iteration, &rows, err))
        return false;
    while ((status = store_next(rows, err)) == LETI_OK && result->n_failures < RESULT_FAILURES) {
        struct failure *failure = &result->failures[result->n_failures++];
        snprintf(failure->why, sizeof failure->why, "%s", store_text(rows, 0));
        failure->share = (double)store_number(rows, 1) / (double)judged;
    }
    store_rows_close(rows);
    return status != LETI_ERROR;
}

bool result_of(struct store *store, uint32_t phase, uint32_t iteration, size_t n_problems,
               uint32_t n_samples, struct result *result, struct leti_error *err)
{
    struct tally *tallies = calloc(n_problems + 1, sizeof *tallies);
    struct counts counts = { 0 };
    *result = (struct result){ .n_problems = n_problems, .n_samples = n_samples };
    if (!tallies)
        return leti_error_set(err, "out of memory for results");
    bool good = tallies_of(store, phase, iteration, n_problems, tallies, err) &&
                counts_of(store, phase, iteration, &counts, err) &&
                bootstrap_interval(tallies, n_problems, 1, &result->interval, err);
    if (good)
        summarize(tallies, result);
    for (int i = 0; good && i < RESULT_KS; i++)
        good = !result->has_pass[i] ||
               bootstrap_interval(tallies, n_problems, result_ks[i], &result->intervals[i], err);
    result->infra = counts.infra;
    uint64_t judged = 0;
    for (size_t i = 0; i < n_problems; i++)
        judged += tallies[i].n;
    free(tallies);
    return good && failures_of(store, phase, iteration, judged, result, err);
}

void interval_json(const struct interval *interval, struct text *out)
{
    text_add(out, "[");
    json_number(out, interval->low);
    text_add(out, ", ");
    json_number(out, interval->high);
    text_add(out, "]");
}

static void add_intervals(const struct result *result, struct text *out)
{
    const char *between = "";
    text_add(out, "{");
    for (int i = 0; i < RESULT_KS; i++) {
        if (!result->has_pass[i])
            continue;
        text_printf(out, "%s\"pass@%u\": ", between, result_ks[i]);
        interval_json(&result->intervals[i], out);
        between = ", ";
    }
    text_add(out, "}");
}

static void add_counted(const struct result *result, struct text *out)
{
    const char *between = "";
    text_add(out, "{");
    for (int i = 0; i < RESULT_KS; i++) {
        if (!result->has_pass[i])
            continue;
        text_printf(out, "%s\"pass@%u\": %zu", between, result_ks[i], result->counted[i]);
        between = ", ";
    }
    text_add(out, "}");
}

void result_counted(const struct result *result, int i, struct text *out)
{
    if (result->has_pass[i] && result->counted[i] < result->n_problems)
        text_printf(out, " of %zu problem%s", result->counted[i],
                    result->counted[i] == 1 ? "" : "s");
}

void result_json(const struct result *result, struct text *out)
{
    text_add(out, "{");
    for (int i = 0; i < RESULT_KS; i++) {
        if (!result->has_pass[i])
            continue;
        text_printf(out, "\"pass@%u\": ", result_ks[i]);
        json_number(out, result->pass[i]);
        text_add(out, ", ");
    }
    text_add(out, "\"interval\": ");
    interval_json(&result->interval, out);
    text_add(out, ", \"intervals\": ");
    add_intervals(result, out);
    text_add(out, ", \"solve_rate\": ");
    json_number(out, result->solve_rate);
    text_printf(out,
                ", \"n_problems\": %zu, \"n_samples\": %u, \"infra\": %" PRIu64 ", \"failures\": {",
                result->n_problems, result->n_samples, result->infra);
    for (size_t i = 0; i < result->n_failures; i++) {
        text_add(out, i ? ", " : "");
        json_text_string(out, result->failures[i].why);
        text_add(out, ": ");
        json_number(out, result->failures[i].share);
    }
    text_add(out, "}, \"counted\": ");
    add_counted(result, out);
    text_add(out, "}");
}

void result_failures(const struct result *result, size_t most, struct text *out)
{
    for (size_t i = 0; i < result->n_failures && i < most; i++)
        text_printf(out, "%s%s %.1f %%", i ? ", " : "", result->failures[i].why,
                    100 * result->failures[i].share);
}

bool counts_of(struct store *store, uint32_t phase, uint32_t iteration, struct counts *counts,
               struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!select_part(store,
                     "SELECT count(*), coalesce(sum(outcome = 0), 0),"
                     " coalesce(sum(outcome = 2), 0) +"
                     " (SELECT count(*) FROM lost WHERE phase = ?1 AND iteration = ?2),"
                     " coalesce(sum(reused), 0) FROM judged WHERE phase = ?1 AND iteration = ?2",
                     phase, iteration, &rows, err))
        return false;
    enum leti_status status = store_next(rows, err);
    if (status == LETI_OK)
        *counts = (struct counts){ .sampled = (uint64_t)store_number(rows, 0),
                                   .passed = (uint64_t)store_number(rows, 1),
                                   .infra = (uint64_t)store_number(rows, 2),
                                   .reused = (uint64_t)store_number(rows, 3) };
    store_rows_close(rows);
    return status == LETI_OK;
}

bool reasons_json(struct store *store, uint32_t phase, uint32_t iteration, struct text *out,
                  struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    if (!select_part(store,
                     "SELECT CASE WHEN exception = '' THEN reason ELSE exception END AS why,"
                     " count(*) AS n FROM verdict WHERE phase = ? AND iteration = ?"
                     " GROUP BY why ORDER BY n DESC, why",
                     phase, iteration, &rows, err))
        return false;
    text_add(out, "{");
    for (bool first = true; (status = store_next(rows, err)) == LETI_OK; first = false) {
        text_add(out, first ? "" : ", ");
        json_text_string(out, store_text(rows, 0));
        text_printf(out, ": %" PRId64, store_number(rows, 1));
    }
    text_add(out, "}");
    store_rows_close(rows);
    return status == LETI_DONE;
}

/* The one number that a select of a stage's metric gives; *found says whether it gives one. */
static bool metric_number(struct store *store, const char *sql, uint32_t iteration,
                          const char *stage, const char *name, bool *found, double *out,
                          struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(store, sql, &rows, err))
        return false;
    enum leti_status status = LETI_ERROR;
    if (store_bind_number(rows, 1, iteration, err) && store_bind_text(rows, 2, stage, err) &&
        store_bind_text(rows, 3, name, err))
        status = store_next(rows, err);
    *found = status == LETI_OK && !store_is_null(rows, 0);
    if (*found)
        *out = store_real(rows, 0);
    store_rows_close(rows);
    return status != LETI_ERROR;
}

bool last_metric(struct store *store, uint32_t iteration, const char *stage, const char *name,
                 bool *found, double *out, struct leti_error *err)
{
    return metric_number(store,
                         "SELECT value FROM metric WHERE iteration = ? AND stage = ? AND name = ? "
                         "ORDER BY step DESC LIMIT 1",
                         iteration, stage, name, found, out, err);
}

bool first_metric(struct store *store, uint32_t iteration, const char *stage, const char *name,
                  bool *found, double *out, struct leti_error *err)
{
    return metric_number(
        store,
        "SELECT min(value) FILTER (WHERE step = 0) FROM metric WHERE iteration = ? "
        "AND stage = ? AND name = ? HAVING max(step) > 0",
        iteration, stage, name, found, out, err);
}

bool metric_so_far(struct store *store, uint32_t iteration, const char *stage, const char *name,
                   double *out, struct leti_error *err)
{
    bool found;
    *out = 0;
    return metric_number(store,
                         "SELECT sum(value) FROM (SELECT value, max(step) FROM metric WHERE "
                         "iteration <= ? AND stage = ? AND name = ? GROUP BY iteration)",
                         iteration, stage, name, &found, out, err);
}
