/* score_tell - what comes of judging samples: a line for each, and pass@k.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/log.h"
#include "base/plain.h"
#include "result/names.h"
#include "result/result.h"
#include "score/score_parts.h"

/* pass@k, for one k. */
struct estimate {
    uint32_t k;
    bool known; /* every problem that has samples has k of them */
    double value;
    struct interval interval;
};

/* Of samples that were judged; those that met infrastructure errors are in counts alone. */
struct summary {
    struct estimate *estimates;
    size_t n_estimates, n_problems;
    uint32_t least, most; /* samples of a problem that has some */
    struct interval interval;
    double solve_rate;
    struct counts counts;
    struct text reasons;
};

/* ---- each sample ---- */

bool score_verdicts(const struct score *score,
                    bool (*take)(const struct score *, const struct written *,
                                 const struct store_rows *verdict, struct text *out,
                                 struct leti_error *),
                    struct text *out, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(score->store,
                      "SELECT outcome, reason, exception, feedback, seconds FROM verdict WHERE "
                      "phase = 0 AND iteration = 0 AND problem = ? AND sample = ?",
                      &rows, err))
        return false;
    bool good = true;
    for (size_t i = 0; good && i < score->samples.n; i++) {
        const struct written *written = &score->samples.items[i];
        store_rewind(rows);
        good = store_bind_number(rows, 1, (int64_t)written->problem, err) &&
               store_bind_number(rows, 2, written->index, err) &&
               (store_next(rows, err) == LETI_OK || leti_error_set(err, "a verdict is missing")) &&
               take(score, written, rows, out, err);
    }
    store_rows_close(rows);
    return good;
}

static bool print_text(struct text *text, struct leti_error *err)
{
    char *line = text_take(text, err);
    if (line)
        fputs(line, stdout);
    free(line);
    return line;
}

static bool print_sample(const struct score *score, const struct written *written,
                         const struct store_rows *verdict, struct text *text,
                         struct leti_error *err)
{
    struct leti_bytes feedback = store_bytes(verdict, VERDICT_FEEDBACK);
    const char *exception = store_text(verdict, VERDICT_EXCEPTION);
    text_add(text, "{\"task_id\": ");
    json_text_string(text, score->problems.items[written->problem].id);
    text_printf(text, ", \"index\": %u, \"outcome\": \"%s\", \"reason\": ", written->index,
                outcome_name(store_number(verdict, VERDICT_OUTCOME)));
    json_text_string(text, store_text(verdict, VERDICT_REASON));
    text_add(text, ", \"exception\": ");
    json_text_string(text, *exception ? exception : NULL);
    text_add(text, ", \"feedback\": ");
    json_text(text, feedback.data, feedback.size);
    text_add(text, ", \"seconds\": ");
    json_number(text, store_real(verdict, VERDICT_SECONDS));
    text_add(text, "}\n");
    return print_text(text, err);
}

/* ---- the summary ---- */

static bool estimate(const struct tally *tallies, size_t n, uint32_t least, struct estimate *out,
                     struct leti_error *err)
{
    size_t used;
    out->known = least && out->k <= least;
    if (!out->known)
        return true;
    out->value = mean_pass_at_k(tallies, n, out->k, &used);
    return bootstrap_interval(tallies, n, out->k, &out->interval, err);
}

static bool summarize(const struct score *score, const struct tally *tallies,
                      struct summary *summary, struct leti_error *err)
{
    size_t n = score->problems.n, solved = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t samples = tallies[i].n;
        if (!samples)
            continue;
        summary->least =
            summary->n_problems++ && summary->least < samples ? summary->least : samples;
        summary->most = summary->most > samples ? summary->most : samples;
        solved += tallies[i].c > 0;
    }
    if (summary->n_problems)
        summary->solve_rate = (double)solved / (double)summary->n_problems;
    for (size_t i = 0; i < summary->n_estimates; i++) {
        summary->estimates[i].k = score->config->ks[i];
        if (!estimate(tallies, n, summary->least, &summary->estimates[i], err))
            return false;
    }
    return bootstrap_interval(tallies, n, 1, &summary->interval, err);
}

static bool summary_open(const struct score *score, struct summary *out, struct leti_error *err)
{
    struct tally *tallies = calloc(score->problems.n + 1, sizeof *tallies);
    *out = (struct summary){ .n_estimates = score->config->n_ks };
    out->estimates = calloc(out->n_estimates + 1, sizeof *out->estimates);
    bool good = (tallies && out->estimates) || leti_error_set(err, "out of memory for results");
    good = good &&
           tallies_of(score->store, STORE_TRAINING, SCORE_ITERATION, score->problems.n, tallies,
                      err) &&
           counts_of(score->store, STORE_TRAINING, SCORE_ITERATION, &out->counts, err) &&
           reasons_json(score->store, STORE_TRAINING, SCORE_ITERATION, &out->reasons, err) &&
           summarize(score, tallies, out, err);
    free(tallies);
    return good;
}

static void summary_close(struct summary *summary)
{
    free(summary->estimates);
    text_free(&summary->reasons);
}

static void add_intervals(struct text *text, const struct summary *summary)
{
    const char *between = "";
    text_add(text, "{");
    for (size_t i = 0; i < summary->n_estimates; i++) {
        if (!summary->estimates[i].known)
            continue;
        text_printf(text, "%s\"pass@%u\": ", between, summary->estimates[i].k);
        interval_json(&summary->estimates[i].interval, text);
        between = ", ";
    }
    text_add(text, "}");
}

static bool print_summary_json(const struct score *score, const struct summary *summary,
                               struct leti_error *err)
{
    struct text text = { 0 };
    text_add(&text, "{");
    for (size_t i = 0; i < summary->n_estimates; i++) {
        if (!summary->estimates[i].known)
            continue;
        text_printf(&text, "\"pass@%u\": ", summary->estimates[i].k);
        json_number(&text, summary->estimates[i].value);
        text_add(&text, ", ");
    }
    text_add(&text, "\"interval\": ");
    interval_json(&summary->interval, &text);
    text_add(&text, ", \"solve_rate\": ");
    json_number(&text, summary->solve_rate);
    text_printf(&text,
                ", \"n_problems\": %zu, \"n_samples\": %u, \"infra\": %" PRIu64
                ", \"n_samples_min\": %u, \"n_samples_max\": %u, \"n_samples_total\": %zu"
                ", \"n_passed\": %" PRIu64 ", \"n_problems_without_samples\": %zu, \"intervals\": ",
                summary->n_problems, summary->least, summary->counts.infra, summary->least,
                summary->most, score->samples.n, summary->counts.passed,
                score->problems.n - summary->n_problems);
    add_intervals(&text, summary);
    text_add(&text, ", \"interval_level\": 0.95, \"interval_method\": \"" SCORE_INTERVAL_METHOD
                    "\", \"reasons\": ");
    text_printf(&text, "%s}\n", text_string(&summary->reasons));
    return print_text(&text, err);
}

static void print_failed_reference(const char *problem, const char *why)
{
    struct text id = { 0 }, reason = { 0 };
    plain_line(&id, problem);
    plain_line(&reason, why);
    printf("  %-16s %s\n", text_string(&id), text_string(&reason));
    text_free(&id);
    text_free(&reason);
}

static bool print_failed_references(const struct score *score, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    if (!store_select(score->store,
                      "SELECT problem, CASE WHEN exception = '' THEN reason ELSE exception END "
                      "FROM verdict WHERE outcome > 0 ORDER BY problem",
                      &rows, err))
        return false;
    while ((status = store_next(rows, err)) == LETI_OK)
        print_failed_reference(score->problems.items[store_number(rows, 0)].id,
                               store_text(rows, 1));
    store_rows_close(rows);
    return status == LETI_DONE;
}

/* What the numbers above it do not say of themselves. */
static void print_notes(const struct score *score, const struct summary *summary)
{
    size_t without = score->problems.n - summary->n_problems;
    for (size_t i = 0; i < summary->n_estimates; i++) {
        uint32_t k = summary->estimates[i].k;
        if (!summary->estimates[i].known && (score->config->ks_given || k <= summary->most))
            printf("pass@%u is left out: some problem has %u judged sample%s only\n", k,
                   summary->least, summary->least == 1 ? "" : "s");
    }
    if (without && score->config->samples)
        printf("%zu of the task's %zu problems have no judged sample, and do not count\n", without,
               score->problems.n);
    if (summary->counts.infra)
        printf("%" PRIu64 " samples could not be judged, and do not count\n",
               summary->counts.infra);
}

static void print_summary_text(const struct score *score, const struct summary *summary)
{
    printf("%" PRIu64 " of %zu samples of %zu problems passed\n", summary->counts.passed,
           score->samples.n, summary->n_problems);
    for (size_t i = 0; i < summary->n_estimates; i++) {
        const struct estimate *estimate = &summary->estimates[i];
        if (estimate->known)
            printf("pass@%u %.1f %% [%.1f, %.1f]   ", estimate->k, 100 * estimate->value,
                   100 * estimate->interval.low, 100 * estimate->interval.high);
    }
    printf("solved %.1f %%\n", 100 * summary->solve_rate);
    print_notes(score, summary);
    printf("%s\n", text_string(&summary->reasons));
}

bool score_tell(const struct score *score, struct leti_error *err)
{
    struct text text = { 0 };
    struct summary summary;
    log_progress(NULL);
    if ((score->config->results && !score_write_results(score, err)) ||
        (score->config->json && !score_verdicts(score, print_sample, &text, err)))
        return false;
    bool good = summary_open(score, &summary, err);
    if (good && score->config->json)
        good = print_summary_json(score, &summary, err);
    else if (good)
        print_summary_text(score, &summary);
    if (good && !score->config->json && !score->config->samples)
        good = print_failed_references(score, err);
    summary_close(&summary);
    return good;
}
